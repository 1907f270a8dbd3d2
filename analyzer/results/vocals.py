"""Vocals in the result, found without separating stems."""

from analyzer.features.grid import Grid
from analyzer.findings.findings import Findings
from analyzer.findings.vocals import WINDOW_STEPS
from analyzer.results.values import Values
from offbeat.descriptors import Vocals, VocalSegment

__all__ = ["put_vocals"]

_SHARE_DIGITS = 4
_CONFIDENCE_DIGITS = 2
_RMS_DIGITS = 6
_TIME_DIGITS = 6


def put_vocals(values: Values, found: Findings, grid: Grid) -> None:
    """Put whether somebody sings, when, and how loud."""
    vocals = found.vocals
    if vocals is None:
        missing = f"too short: vocals take {WINDOW_STEPS / 10:g} s"
        values.leave_out("has_vocals", "vocal_energy_rms", "vocals", missing=missing)
        return
    first = found.scope.steps.start or 0
    values.put("has_vocals", vocals.present)
    values.put("vocal_energy_rms", round(vocals.rms, _RMS_DIGITS))
    segments = [
        VocalSegment(
            start_sec=round((first + segment.first) * grid.step / grid.rate, _TIME_DIGITS),
            end_sec=round((first + segment.end) * grid.step / grid.rate, _TIME_DIGITS),
            confidence=round(segment.confidence, _CONFIDENCE_DIGITS),
        )
        for segment in vocals.segments
    ]
    values.put(
        "vocals",
        Vocals(
            method="dsp",
            presence=round(vocals.presence, _SHARE_DIGITS),
            confidence=round(vocals.confidence, _CONFIDENCE_DIGITS),
            segments=segments,
        ),
    )
