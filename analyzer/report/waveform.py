"""The waveform in the report: files that were written, or why there are none."""

from dataclasses import dataclass

from analyzer.report.explained import Explained
from offbeat.descriptors import Waveform

__all__ = ["NO_MOUNT", "WaveformOutcome", "waveform_figures"]


@dataclass(frozen=True, kw_only=True)
class WaveformOutcome:
    """What became of the waveform."""

    written: Waveform | None = None
    missing: str = ""
    """Why there is none."""


NO_MOUNT = WaveformOutcome(missing="no output mount: set OFFBEAT_OUTPUT_MOUNT_PATH")


def waveform_figures(outcome: WaveformOutcome, *, explained: Explained) -> dict[str, object]:
    """Return the figure `waveform`."""
    if outcome.written is None:
        explained.null("waveform", because=outcome.missing)
    return {"waveform": outcome.written}
