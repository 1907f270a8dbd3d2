"""Keep what does not change: rendered pieces and peers' answers.

A piece is keyed by the source of the generators, its seed and its name, so nothing stale is used.
"""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import soundfile
from pydantic import TypeAdapter

from benchmarks.accuracy.pieces import Piece, random_for
from benchmarks.accuracy.truth import Truth
from tools.render.sources import fingerprint
from tools.render.waves import RATE

__all__ = ["Material", "cache_folder", "materialise", "write_whole"]

_TRUTH = TypeAdapter(Truth)


@dataclass(frozen=True)
class Material:
    """A piece on disk, the truth of it, and the key that its answers are kept under."""

    piece: Piece
    path: Path
    truth: Truth
    key: str


def cache_folder() -> Path:
    """Return where material is kept: `$XDG_CACHE_HOME/offbeat-accuracy`."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "offbeat-accuracy"


_COMMON = ("scales", "score", "grooves", "composer", "numpy_band", "general_midi", "sound_font",
           "rhythm", "pieces")  # fmt: skip


@cache
def _sources(exam: str) -> str:
    here = Path(__file__).parent
    paths = [here / f"{name}.py" for name in dict.fromkeys((*_COMMON, exam))]
    return fingerprint([*paths, *here.glob(f"{exam}.toml")])


def materialise(piece: Piece, folder: Path) -> Material:
    """Make the file of a piece, unless it is there."""
    if piece.path:
        stat = piece.path.stat()
        key = _digest(str(piece.path), str(stat.st_size), str(stat.st_mtime_ns))
        return Material(piece, piece.path, piece.truth or Truth(), key)
    key = _digest(_sources(piece.name.split("/")[0]), str(piece.seed), piece.name)
    path, facts = folder / f"{key}.flac", folder / f"{key}.json"
    if not (path.exists() and facts.exists()):
        assert piece.render is not None, piece.name
        rendered = piece.render(random_for(piece))
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.part")
        soundfile.write(part, rendered.samples, RATE, subtype="PCM_16", format="FLAC")
        part.rename(path)
        write_whole(facts, json.dumps(asdict(rendered.truth)))
    return Material(piece, path, _TRUTH.validate_json(facts.read_text()), key)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def write_whole(path: Path, text: str) -> None:
    """Write a file so that nobody sees half of it."""
    part = path.with_suffix(f".{os.getpid()}.part")
    part.write_text(text)
    part.rename(path)
