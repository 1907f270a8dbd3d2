"""The ffmpeg of the analyzer's image decodes what the analyzer allows, and nothing else."""

import re
import shlex
from pathlib import Path

from analyzer.input.ffmpeg import _CODECS
from analyzer.input.formats import FORMATS

SCRIPT = Path(__file__).parents[3] / "tools/build-ffmpeg"


def named(variable: str) -> set[str]:
    """Return the names in a variable of the script."""
    values = re.findall(rf"^{variable}=(.*)$", SCRIPT.read_text(encoding="utf-8"), re.MULTILINE)
    return {
        name for value in values for name in shlex.split(value)[0].split(",") if "$" not in name
    }


def test_decoders_are_those_that_are_allowed() -> None:
    """One more would be attack surface, one less a format that images refuse."""
    assert named("decoders") == set(_CODECS.split(","))


def test_demuxers_are_those_of_the_known_containers() -> None:
    """As the table of formats names them."""
    assert named("demuxers") == {known.demuxer for known in FORMATS}
