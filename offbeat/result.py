"""The result: what comes back for every job, exactly once.

What a completed one holds is in `offbeat/analysis.py`.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, TypeAdapter

from offbeat.analysis import Results
from offbeat.descriptors import Descriptor
from offbeat.failure import RETRYABLE, FailureReason

__all__ = [
    "CancelledResult",
    "CompletedResult",
    "FailedResult",
    "Result",
    "dump_result",
    "parse_result",
]


class _Outcome(Descriptor):
    job_id: int | str | None = Field(
        description="as the producer sent it; null where it was not legible"
    )
    status: str
    run_id: str = Field(description="names this one claim of the message")
    attempt: int = Field(
        ge=0, description="1 for the first Job of the run, 0 where no Job was needed"
    )


class CompletedResult(_Outcome):
    """The file was analysed."""

    status: Literal["completed"] = "completed"
    results: Results


class FailedResult(_Outcome):
    """The job failed, and this is why."""

    status: Literal["failed"] = "failed"
    error: str = Field(description="a sentence for a person")
    reason: FailureReason
    retryable: bool = Field(description="whether the same message may succeed when pushed again")
    detail: str | None = Field(None, description="what Kubernetes said")
    log_tail: list[str] | None = Field(None, description="the analyzer's last log lines")

    @classmethod
    def because(
        cls,
        reason: FailureReason,
        error: str,
        *,
        job_id: int | str | None,
        run_id: str,
        attempt: int,
        detail: str | None = None,
        log_tail: list[str] | None = None,
    ) -> Self:
        """Build a failed result; `retryable` follows from the reason."""
        return cls(
            job_id=job_id,
            run_id=run_id,
            attempt=attempt,
            error=error,
            reason=reason,
            retryable=reason in RETRYABLE,
            detail=detail,
            log_tail=log_tail,
        )


class CancelledResult(_Outcome):
    """The producer withdrew the job."""

    status: Literal["cancelled"] = "cancelled"


Result = Annotated[CompletedResult | FailedResult | CancelledResult, Field(discriminator="status")]

_ADAPTER: TypeAdapter[CompletedResult | FailedResult | CancelledResult] = TypeAdapter(Result)


def parse_result(raw: bytes | str) -> CompletedResult | FailedResult | CancelledResult:
    """Read one message of the results queue.

    Raises:
        pydantic.ValidationError: It is not a result.

    """
    return _ADAPTER.validate_json(raw)


def dump_result(result: CompletedResult | FailedResult | CancelledResult) -> str:
    """Write a result as the JSON that consumers read, without the extras that are absent."""
    absent = {name for name in ("detail", "log_tail") if getattr(result, name, None) is None}
    return result.model_dump_json(by_alias=True, exclude=absent)
