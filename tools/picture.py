"""Draws the picture of a result in the README: `python -m tools.picture`.

It analyses the mix of `offbeat demo`, whose every sample is made on the spot.
"""

import io
import sys
import tempfile
from pathlib import Path

import soundfile
from rich.console import Console

from analyzer.pipeline import analyse
from offbeat.cli.mix import RATE_HZ, make_mix
from offbeat.cli.report import print_result
from offbeat.job import CueTrack
from offbeat.result import CompletedResult

__all__ = ["main"]

_WIDTH = 112
_PICTURE = Path(__file__).parents[1] / "docs/images/result.svg"


def main() -> int:
    """Write the picture."""
    mix = make_mix()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "mix.wav")
        soundfile.write(path, mix.samples, RATE_HZ, subtype="PCM_16")
        cues = [CueTrack(title=title, start_time_sec=start) for start, title in mix.cues]
        results = analyse(path, cues=cues)
    result = CompletedResult(job_id=42, run_id="5c1f0e9ab27d4e63", attempt=1, results=results)
    console = Console(record=True, width=_WIDTH, file=io.StringIO(), force_terminal=True)
    print_result(result, console)
    _PICTURE.parent.mkdir(parents=True, exist_ok=True)
    console.save_svg(str(_PICTURE), title="offbeat submit mix.wav --job-id 42", unique_id="result")
    print(_PICTURE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
