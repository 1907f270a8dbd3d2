"""What `helm test` takes for a success."""

import pytest

from offbeat.failure import FailureReason
from offbeat.result import CancelledResult, FailedResult
from offbeat.smoke import verdict


def failed(reason: FailureReason) -> FailedResult:
    """Build a failed result."""
    return FailedResult.because(reason, "a.wav: …", job_id="smoke", run_id="r", attempt=1)


def test_a_file_that_does_not_exist_must_be_found_missing() -> None:
    """Only the analyzer's pod can say so: the whole way was taken."""
    assert verdict(failed(FailureReason.FILE_NOT_FOUND), file_exists=False) is None


@pytest.mark.parametrize(
    ("result", "file_exists"),
    [
        (None, True),
        (None, False),
        (failed(FailureReason.IMAGE_ERROR), False),
        (failed(FailureReason.FILE_NOT_FOUND), True),
        (CancelledResult(job_id="smoke", run_id="r", attempt=1), True),
    ],
)
def test_anything_else_is_a_complaint(result: FailedResult | None, file_exists: bool) -> None:
    """Also silence."""
    assert verdict(result, file_exists=file_exists)
