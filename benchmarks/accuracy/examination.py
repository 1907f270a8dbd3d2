"""Ask Offbeat and its peers about every piece of an exam, on one core or several."""

import atexit
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path

import soundfile

from benchmarks.accuracy.answers import OFFBEAT, Answer, ask_offbeat, ask_peer
from benchmarks.accuracy.cache import Material, materialise
from benchmarks.accuracy.pieces import Piece
from benchmarks.accuracy.truth import Truth
from benchmarks.peers.child import PeerProcess

__all__ = ["Record", "examine"]


@dataclass(frozen=True)
class Record:
    """One piece, its truth, and what every program said of it."""

    name: str
    group: str
    truth: Truth
    answers: dict[str, Answer]


def examine(
    pieces: Sequence[Piece], peers: Sequence[str], folder: Path, *, jobs: int = 1
) -> Iterator[Record]:
    """Yield a record of every piece, in order."""
    ask = partial(_examine, peers=tuple(peers), folder=folder)
    if jobs == 1:
        yield from map(ask, pieces)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from pool.map(ask, pieces)


@cache
def _peers() -> PeerProcess:
    """Start one child for this process; it ends with it."""
    process = PeerProcess()
    atexit.register(process.__exit__, None, None, None)
    return process


def _examine(piece: Piece, peers: Sequence[str], folder: Path) -> Record:
    material = materialise(piece, folder / "material")
    answers = {OFFBEAT: ask_offbeat(material)}
    for peer in peers:
        ask = _ask_tracks if material.truth.tracks else ask_peer
        answers[peer] = ask(peer, material, _peers(), folder / "answers")
    return Record(piece.name, piece.group, material.truth, answers)


def _ask_tracks(peer: str, material: Material, process: PeerProcess, folder: Path) -> Answer:
    """Ask a peer, which knows no cues, about every track of a mix cut out at the true places."""
    answers = []
    for number, track in enumerate(material.truth.tracks):
        cut = material.path.with_name(f"{material.path.stem}-{number}.flac")
        if not cut.exists():
            rate = soundfile.info(material.path).samplerate
            start, stop = round(track.start_sec * rate), round(track.end_sec * rate)
            samples, _ = soundfile.read(material.path, start=start, stop=stop, dtype="int16")
            soundfile.write(cut, samples, rate, subtype="PCM_16")
        single = replace(material, path=cut, key=f"{material.key}-{number}")
        answers.append(ask_peer(peer, single, process, folder))
    if answers and all(answer.missing for answer in answers):
        return answers[0]
    return Answer(tracks=tuple(answers))
