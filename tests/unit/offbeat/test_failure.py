"""Failure reasons are never renamed, and exit codes carry them."""

import pytest

from offbeat.failure import (
    FINAL_EXIT_CODES,
    ExitCode,
    FailureReason,
    exit_code_for,
    reason_for_exit_code,
)


def test_the_reasons_are_these() -> None:
    """Consumers branch on these words: adding one is fine, changing one is not."""
    assert {reason.value for reason in FailureReason} >= {
        "invalid_job",
        "path_not_allowed",
        "file_not_found",
        "unsupported_format",
        "corrupt_audio",
        "limit_exceeded",
        "out_of_memory",
        "deadline_exceeded",
        "pending_timeout",
        "image_error",
        "evicted",
        "disrupted",
        "launch_rejected",
        "quota_exceeded",
        "internal_error",
    }


def test_the_codes_that_end_a_job_at_once_are_64_to_69() -> None:
    """The pod failure policy names this range."""
    assert sorted(FINAL_EXIT_CODES) == [64, 65, 66, 67, 68, 69]


@pytest.mark.parametrize("code", FINAL_EXIT_CODES)
def test_a_final_code_says_its_reason_and_back(code: ExitCode) -> None:
    """Code and reason name each other."""
    assert exit_code_for(reason_for_exit_code(code)) is code


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (137, "out_of_memory"),
        (1, "internal_error"),
        (70, "internal_error"),
        (255, "internal_error"),
    ],
)
def test_other_codes(code: int, reason: str) -> None:
    """A kill means memory, everything unknown is an internal error."""
    assert reason_for_exit_code(code) == reason


def test_a_reason_without_a_code_of_its_own_is_internal() -> None:
    """The analyzer cannot say that it was evicted."""
    assert exit_code_for(FailureReason.EVICTED) is ExitCode.INTERNAL_ERROR
