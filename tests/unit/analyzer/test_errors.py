"""Every refusal has a reason of the contract, and an exit code of its own."""

import pytest

from analyzer import errors
from analyzer.errors import AnalysisRefused, AnalyzerError
from offbeat.failure import FINAL_EXIT_CODES, exit_code_for

REFUSALS = [kind for kind in AnalysisRefused.__subclasses__() if kind.__module__ == errors.__name__]


def test_all_errors_are_exported() -> None:
    """What the module's docstring draws."""
    defined = {name for name, kind in vars(errors).items() if isinstance(kind, type)}
    assert set(errors.__all__) == {
        name for name in defined if issubclass(getattr(errors, name), AnalyzerError)
    }
    assert all(name in (errors.__doc__ or "") for name in errors.__all__)


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_refusal_ends_the_job(refusal: type[AnalysisRefused]) -> None:
    """Its exit code is one after which no other attempt is made."""
    assert exit_code_for(refusal.reason) in FINAL_EXIT_CODES


def test_reasons_are_distinct() -> None:
    """Consumers branch on them."""
    assert len({refusal.reason for refusal in REFUSALS}) == len(REFUSALS) == 6


def test_a_sentence_begins_with_the_path_once_it_is_known() -> None:
    """As the producer wrote it."""
    error = errors.AudioFileNotFound("file not found")
    assert str(error) == "file not found"
    error.path = "mixes/043.mp3"
    assert str(error) == "mixes/043.mp3: file not found"
