"""libebur128's figures, by ffmpeg's ebur128 filter."""

import re
import subprocess
from pathlib import Path

from analyzer.errors import DecoderMissing
from analyzer.input.ffmpeg import find_ffmpeg

__all__ = ["NAME", "measure"]

NAME = "ffmpeg ebur128"

_FIGURES = {
    "loudness_lufs_total": r"I:\s+(-?[\d.]+) LUFS",
    "loudness_range_lu": r"LRA:\s+(-?[\d.]+) LU",
    "true_peak_dbtp": r"True peak:\s+Peak:\s+(-?[\d.]+) dBFS",
}


def measure(path: Path) -> dict[str, float | str]:
    """Return ffmpeg's integrated loudness, range and true peak, which it prints to 0.1."""
    try:
        program = find_ffmpeg()
    except DecoderMissing as error:
        return {"missing": str(error)}
    command = [program, "-nostdin", "-hide_banner", "-i", str(path), "-filter_complex",
               "ebur128=peak=true", "-f", "null", "-"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    summary = done.stderr.rpartition("Summary:")[2]
    if done.returncode or not summary:
        return {"error": done.stderr[-200:]}
    found = {name: re.search(pattern, summary) for name, pattern in _FIGURES.items()}
    return {name: float(match.group(1)) for name, match in found.items() if match}
