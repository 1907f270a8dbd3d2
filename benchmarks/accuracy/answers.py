"""What a program said of a file, in the same form for Offbeat and for its peers."""

import dataclasses
import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter

from analyzer.errors import AnalyzerError
from analyzer.pipeline import analyse
from benchmarks.accuracy.cache import Material, write_whole
from benchmarks.peers import answer as peer_answer
from benchmarks.peers.child import PeerProcess
from benchmarks.peers.ebur128 import NAME as EBUR128
from benchmarks.peers.ebur128 import measure
from offbeat.analysis import Results
from offbeat.job import CueTrack

__all__ = ["OFFBEAT", "Answer", "ask_offbeat", "ask_peer"]

OFFBEAT = "Offbeat"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer; what a program does not say is None or empty.

    Attributes:
        bpm: Its one tempo.
        beats: Seconds.
        downbeats: Seconds; None where it does not commit itself.
        key: Such as 'A minor'.
        tuning_cents: Deviation from A = 440 Hz.
        vocals: Whether there is a voice.
        vocal_presence: How much or how surely, 0–1.
        figures: Name → value.
        tracks: Answers to the tracks of a mix.
        missing: Why the program could not be asked.
        error: How it failed on this file.
        seconds: How long it took.

    """

    bpm: float | None = None
    beats: tuple[float, ...] = ()
    downbeats: tuple[float, ...] | None = None
    key: str | None = None
    tuning_cents: float | None = None
    vocals: bool | None = None
    vocal_presence: float | None = None
    figures: dict[str, float] = field(default_factory=dict)
    tracks: tuple["Answer", ...] = ()
    missing: str | None = None
    error: str | None = None
    seconds: float = 0.0


_ANSWER = TypeAdapter(Answer)


def ask_offbeat(material: Material) -> Answer:
    """Analyse a file as it is in the working tree; nothing is kept."""
    cues = [
        CueTrack(title=str(number), start_time_sec=track.start_sec, end_time_sec=track.end_sec)
        for number, track in enumerate(material.truth.tracks)
    ]
    began = time.perf_counter()
    try:
        results = analyse(material.path, cues=cues)
    except AnalyzerError as error:
        return Answer(error=str(error))
    return dataclasses.replace(_read(results), seconds=time.perf_counter() - began)


def _read(results: Results) -> Answer:
    tracks = tuple(_answer(track.analysis, track) for track in results.tracks)
    if len(tracks) == 1:
        return _answer(results.global_, results.tracks[0].analysis)
    return dataclasses.replace(_answer(results.global_), tracks=tracks)


def _answer(*sources: object) -> Answer:
    """Read one answer from models: the first that knows a field is believed."""
    figures = {}
    for name in ("loudness_lufs_total", "loudness_lufs_short_term_max", "loudness_range_lu",
                 "true_peak_dbtp", "sample_peak_dbfs", "average_brightness"):  # fmt: skip
        value = _first(sources, name)
        if isinstance(value, float | int):
            figures[name] = float(value)
    for index, share in enumerate(_numbers(_first(sources, "band_balance"))):
        figures[f"band_{index}"] = share
    key, vocals, bars = (_first(sources, name) for name in ("key", "vocals", "downbeats"))
    beats = _first(sources, "beat_grid_timestamps", "global_beat_grid_timestamps")
    return _ANSWER.validate_python(
        {
            "bpm": _first(sources, "stable_bpm"),
            "beats": beats or (),
            "downbeats": _get(bars, "timestamps_sec"),
            "key": _get(key, "musical"),
            "tuning_cents": _get(key, "tuning_cents"),
            "vocals": _first(sources, "has_vocals"),
            "vocal_presence": _get(vocals, "presence"),
            "figures": figures,
        }
    )


def _get(source: object, name: str) -> object:
    if isinstance(source, Mapping):
        return source.get(name)
    return getattr(source, name, None)


def _first(sources: Sequence[object], *names: str) -> object:
    found = (_get(source, name) for name in names for source in sources)
    return next((value for value in found if value is not None), None)


def _numbers(source: object) -> list[float]:
    """Return the numbers of a model, in the order of its fields."""
    fields = source.model_dump() if isinstance(source, BaseModel) else source
    values = fields.values() if isinstance(fields, Mapping) else ()
    return [float(value) for value in values if isinstance(value, float | int)]


def ask_peer(peer: str, material: Material, process: PeerProcess, folder: Path) -> Answer:
    """Return the answer of a peer: the kept one, or a new one that is kept unless it is missing."""
    version = hashlib.sha256(Path(peer_answer.__file__).read_bytes()).hexdigest()[:8]
    slug = "".join(letter if letter.isalnum() else "-" for letter in peer)
    kept = folder / f"{material.key}.{slug}.{version}.json"
    if kept.exists():
        return _ANSWER.validate_json(kept.read_text())
    began = time.perf_counter()
    raw = measure(material.path) if peer == EBUR128 else process.ask(peer, material.path)
    answer = _from_peer(raw, time.perf_counter() - began)
    if answer.missing is None:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(kept, json.dumps(dataclasses.asdict(answer)))
    return answer


def _from_peer(raw: Mapping[str, Any], seconds: float) -> Answer:
    known = {"bpm", "beats", "key", "missing", "error", "confidence"}
    return Answer(
        bpm=raw.get("bpm"),
        beats=tuple(raw.get("beats", ())),
        key=raw.get("key"),
        figures={name: float(value) for name, value in raw.items() if name not in known},
        missing=raw.get("missing"),
        error=raw.get("error"),
        seconds=seconds,
    )
