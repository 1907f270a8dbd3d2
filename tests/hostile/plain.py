"""Healthy files of every kind under a name that tells nothing, and each of them cut short."""

from tests.hostile.case import Build, Case, Completed, Outcome, corrupt, unsupported
from tests.hostile.seeds import BY_FFMPEG, BY_LIBSNDFILE

__all__ = ["CASES"]

_LOSSLESS = {"alac", "mov", "mka-flac", "wavpack", "caf", "au", "w64", "ogg-flac"}
_PADDED_SEC = 0.06
"""What AAC, MP2, WMA and MP3 without a tag add in front and behind."""

_CUTS = (0.01, 0.3, 0.6, 0.95)
_BREAKS_OFF = "the file is damaged or breaks off"


def _healthy(kind: str) -> Completed:
    exact = kind in _LOSSLESS or (kind in BY_LIBSNDFILE and kind != "mp3")
    return Completed(seconds=1, within=0.0 if exact else _PADDED_SEC)


def _cut(kind: str, part: float) -> Build:
    return lambda seeds: seeds[kind][: int(part * len(seeds[kind]))]


def _after_cut(kind: str, part: float) -> tuple[Outcome, ...]:
    """Return what may become of a file that breaks off: a warning at least, but for two formats."""
    some = Completed(seconds=part, within=part + 0.1, warns=_BREAKS_OFF)
    if kind in {"au", "wma"}:  # a length that nobody looks at, and one that is rounded up
        return some, corrupt(), Completed(seconds=part, within=0.03)
    if kind in {"adts", "mp2", "mp3-bare"}:  # no length anywhere: frames end where they end
        return some, corrupt(), unsupported(), Completed(seconds=part, within=0.12)
    return some, corrupt(), unsupported()


CASES = [
    *(
        Case(f"healthy-{kind}", lambda seeds, kind=kind: seeds[kind], _healthy(kind))  # type: ignore[misc]
        for kind in (*BY_LIBSNDFILE, *BY_FFMPEG)
    ),
    *(
        Case(f"cut-{kind}-at-{part:.0%}", _cut(kind, part), *_after_cut(kind, part))
        for kind in (*BY_LIBSNDFILE, *BY_FFMPEG)
        for part in _CUTS
    ),
]
