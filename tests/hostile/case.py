"""One hostile or odd file, how it is made, and what must become of it."""

from collections.abc import Callable
from dataclasses import dataclass

from offbeat.failure import FailureReason, exit_code_for
from tests.hostile.seeds import Seeds

__all__ = ["Build", "Case", "Completed", "Outcome", "Refused", "corrupt", "limit", "unsupported"]

Build = Callable[[Seeds], bytes]


@dataclass(frozen=True, kw_only=True)
class Completed:
    """It is analysed.

    Attributes:
        seconds: What it decodes to.
        within: How far from that it may be, for codecs that pad; 0 means exact to the frame.
        warns: What its one warning says; None where there must be none.

    """

    seconds: float
    within: float = 0.0
    warns: str | None = None


@dataclass(frozen=True, kw_only=True)
class Refused:
    """It fails, with a reason of the contract and a sentence that says this."""

    reason: FailureReason
    says: str = ""

    @property
    def exit_code(self) -> int:
        """What the analyzer's process ends with."""
        return int(exit_code_for(self.reason))


Outcome = Completed | Refused


@dataclass(frozen=True)
class Case:
    """A file of the corpus; more than one outcome where the version of a decoder decides."""

    name: str
    build: Build
    outcomes: tuple[Outcome, ...]

    def __init__(self, name: str, build: Build, *outcomes: Outcome) -> None:
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "build", build)
        object.__setattr__(self, "outcomes", outcomes)


def corrupt(says: str = "") -> Refused:
    """Expect `corrupt_audio`."""
    return Refused(reason=FailureReason.CORRUPT_AUDIO, says=says)


def unsupported(says: str = "") -> Refused:
    """Expect `unsupported_format`."""
    return Refused(reason=FailureReason.UNSUPPORTED_FORMAT, says=says)


def limit(says: str = "") -> Refused:
    """Expect `limit_exceeded`."""
    return Refused(reason=FailureReason.LIMIT_EXCEEDED, says=says)
