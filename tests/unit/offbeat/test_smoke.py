"""What `helm test` takes for a success."""

import subprocess
import sys

import pytest

from offbeat.failure import FailureReason
from offbeat.result import CancelledResult, FailedResult
from offbeat.slug import HELM_TEST_JOB_ID_PREFIX, label_value
from offbeat.smoke import EXIT_NO_CONNECTION, main, new_job_id, verdict


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


def test_every_test_has_a_job_of_its_own_that_the_controller_knows() -> None:
    """By the label of the Job, which is the job_id as it is."""
    first, second = new_job_id(), new_job_id()
    assert first != second
    assert first.startswith(HELM_TEST_JOB_ID_PREFIX)
    assert label_value(first) == first


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "no Redis is set"),
        ("redis://:hunter2/@localhost", "percent-encode special characters"),
        ("redis://:hunter2@127.0.0.1:1/0", "127.0.0.1:1"),
    ],
)
def test_a_redis_that_cannot_be_used_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], url: str, said: str
) -> None:
    """And an exit code of its own."""
    monkeypatch.setenv("OFFBEAT_REDIS_URL", url)
    assert main(["--timeout-sec=1"]) == EXIT_NO_CONNECTION
    shown = capsys.readouterr().out
    assert said in shown.splitlines()[-1]
    assert "hunter2" not in shown


def test_it_imports_no_kubernetes() -> None:
    """It talks to Redis alone, so its pod needs no rights."""
    code = "import sys, offbeat.smoke; print({'kubernetes', 'kopf', 'controller'} & {*sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stdout == "set()\n"
