"""What `from offbeat import …` offers."""

import subprocess
import sys

import pytest

import offbeat


@pytest.mark.parametrize("name", offbeat.__all__)
def test_every_public_name_is_there(name: str) -> None:
    """`__all__` promises nothing that is missing."""
    assert getattr(offbeat, name) is not None


def test_every_home_is_public() -> None:
    """Nothing is offered in secret."""
    assert offbeat._HOME_OF.keys() == set(offbeat.__all__) - {"__version__"}


def test_an_unknown_name_is_an_attribute_error() -> None:
    """A typing error is told as Python tells it."""
    with pytest.raises(AttributeError, match="no attribute 'Klient'"):
        offbeat.Klient  # noqa: B018


def test_importing_the_package_imports_nothing_heavy() -> None:
    """`import offbeat` costs next to nothing."""
    code = "import sys, offbeat; print(sorted({'redis', 'pydantic', 'typer'} & sys.modules.keys()))"
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert said.stdout == "[]\n"
