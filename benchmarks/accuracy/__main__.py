"""Examine Offbeat on material with known answers, and its peers on the same files.

`python -m benchmarks.accuracy` prints tables for each subject. The material has generators, styles
and seeds (10000 and up) of its own that nothing is tuned on; `--seeds` gives another set of it,
which is made on the first run and kept. Peers need `python -m benchmarks.peers.install`; their
answers are kept as well. Who could not be asked is named at the end.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from analyzer.cores import limit_blas_threads

limit_blas_threads()  # before numpy is imported

# ruff: noqa: E402
from benchmarks.accuracy.cache import cache_folder
from benchmarks.accuracy.examination import Record, examine
from benchmarks.accuracy.harmony import harmony_exam
from benchmarks.accuracy.levels import levels_exam
from benchmarks.accuracy.mixes import mixes_exam
from benchmarks.accuracy.pieces import Exam
from benchmarks.accuracy.real_music import real_exam, real_key_exam
from benchmarks.accuracy.reports import REPORTS
from benchmarks.accuracy.rhythm import rhythm_exam
from benchmarks.accuracy.scores import scores_exam
from benchmarks.accuracy.vocals import vocals_exam
from benchmarks.peers.ebur128 import NAME as EBUR128
from benchmarks.tables import Table

_TEMPO = ("librosa beat_track", "Essentia RhythmExtractor2013", "Essentia Percival", "aubio tempo")
_KEY = (
    "librosa chroma_cqt+Krumhansl",
    "Essentia KeyExtractor edma",
    "Essentia KeyExtractor bgate",
    "Essentia KeyExtractor krumhansl",
)
_MORE_KEY = (
    "Essentia KeyExtractor temperley",
    "Essentia KeyExtractor shaath",
    "madmom CNN key",
)


@dataclass(frozen=True)
class _Subject:
    make: Callable[..., Exam]
    peers: tuple[str, ...]
    slow_peers: tuple[str, ...] = ()


_SUBJECTS = {
    "rhythm": _Subject(rhythm_exam, _TEMPO, ("madmom RNN+DBN",)),
    "key": _Subject(harmony_exam, _KEY, _MORE_KEY),
    "levels": _Subject(levels_exam, ("pyloudnorm", EBUR128, "librosa spectral_centroid")),
    "mixes": _Subject(mixes_exam, (*_TEMPO, *_KEY)),
    "vocals": _Subject(vocals_exam, ()),
    "real": _Subject(real_exam, _TEMPO, ("madmom RNN+DBN",)),
    "real-key": _Subject(real_key_exam, _KEY, _MORE_KEY),
    "scores": _Subject(scores_exam, _KEY, _MORE_KEY),
}


def main() -> int:
    """Run the exams that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a third of the pieces")
    parser.add_argument("--only", default=",".join(_SUBJECTS), metavar="SUBJECTS",
                        help=f"some of {','.join(_SUBJECTS)}")  # fmt: skip
    parser.add_argument("--seeds", default="10000", help="one set for each, separated by commas")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--no-peers", action="store_true", help="Offbeat alone")
    parser.add_argument(
        "--slow-peers", action="store_true", help="madmom as well, at 8 x real time"
    )
    parser.add_argument("--markdown", type=Path, help="write the tables to this file")
    parser.add_argument(
        "--details", type=Path, help="write every answer to this file, as JSON lines"
    )
    parser.add_argument("--cache", type=Path, default=cache_folder(), help="where material is kept")
    given = parser.parse_args()
    subjects = given.only.split(",")
    if unknown := set(subjects) - set(_SUBJECTS):
        parser.error(f"no such subject: {', '.join(sorted(unknown))}")
    began = time.perf_counter()
    tables: list[Table] = []
    missing: list[str] = []
    details: list[str] = []
    for name in subjects:
        subject = _SUBJECTS[name]
        exams = [subject.make(int(seed), quick=given.quick) for seed in given.seeds.split(",")]
        pieces = [piece for exam in exams for piece in exam.pieces]
        if name.startswith("real"):
            pieces = exams[0].pieces
        peers = () if given.no_peers else subject.peers
        if given.slow_peers and not given.no_peers:
            peers += subject.slow_peers
        records = []
        for record in examine(pieces, peers, given.cache, jobs=given.jobs):
            records.append(record)
            _progress(name, len(records), len(pieces))
        missing += [why for exam in exams for why in exam.missing]
        missing += _missing(records)
        details += [json.dumps({"subject": name} | asdict(record)) for record in records]
        if records:
            made = REPORTS[name](records)
            tables += made
            print("\n".join(table.markdown() for table in made), flush=True)
    closing = [f"{time.perf_counter() - began:.0f} s, seeds {given.seeds}"
               + (", quick" if given.quick else "")]  # fmt: skip
    closing += [f"not asked: {why}" for why in dict.fromkeys(missing)]
    print("\n".join(closing))
    if given.markdown:
        given.markdown.write_text("\n".join([*(t.markdown() for t in tables), *closing]) + "\n")
    if given.details:
        given.details.write_text("\n".join(details) + "\n")
    return 0


def _progress(name: str, done: int, of: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{name} {done}/{of} ", end="" if done < of else "\n", file=sys.stderr, flush=True)


def _missing(records: Sequence[Record]) -> list[str]:
    """Name the peers that could not be asked, and the files that a program failed on."""
    found = []
    for record in records:
        for program, answer in record.answers.items():
            if answer.missing:
                found.append(f"{program}: {answer.missing}")
            if answer.error:
                found.append(f"{program} on {record.name}: {answer.error}")
    return found


if __name__ == "__main__":
    sys.exit(main())
