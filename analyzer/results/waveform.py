"""The waveform in the result: files that were written, or why there are none."""

from dataclasses import dataclass

from analyzer.results.values import Values
from offbeat.descriptors import Waveform

__all__ = ["NO_MOUNT", "WaveformOutcome", "put_waveform"]


@dataclass(frozen=True, kw_only=True)
class WaveformOutcome:
    """What became of the waveform."""

    written: Waveform | None = None
    missing: str = ""
    """Why there is none."""


NO_MOUNT = WaveformOutcome(missing="no output mount: set OFFBEAT_OUTPUT_MOUNT_PATH")


def put_waveform(values: Values, outcome: WaveformOutcome) -> None:
    """Put the files of the waveform."""
    values.put_or_explain("waveform", outcome.written, missing=outcome.missing)
