"""The edges of the sound in the result."""

from analyzer.findings.trim import TrimPoints
from analyzer.results.values import Values

__all__ = ["put_trim_points"]

_TIME_DIGITS = 6
_NAMES = ("trimmed_start_sec", "trimmed_end_sec", "leading_silence_sec", "trailing_silence_sec")


def put_trim_points(
    values: Values, trim: TrimPoints | None, *, duration_sec: float, silence_top_db: float
) -> None:
    """Put the edges of the sound, and the silence outside of them."""
    if trim is None:
        missing = f"the whole file is silent: nothing is above −{silence_top_db:g} dBFS"
        values.leave_out(*_NAMES, missing=missing)
        return
    start, end = round(trim.start_sec, _TIME_DIGITS), round(trim.end_sec, _TIME_DIGITS)
    values.put("trimmed_start_sec", start)
    values.put("trimmed_end_sec", end)
    values.put("leading_silence_sec", start)
    values.put("trailing_silence_sec", round(duration_sec - end, _TIME_DIGITS))
