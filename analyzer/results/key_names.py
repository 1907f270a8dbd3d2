"""How DJs call a key: in words, on the Camelot wheel, and as Open Key."""

__all__ = ["camelot", "musical", "open_key"]

_MAJOR = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_MINOR = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")
"""The spelling with fewer accidentals; of two alike those that DJ tools show, F# and Eb minor."""


def musical(tonic: int, *, minor: bool) -> str:
    """Return such as `A minor`; the tonic is a pitch class, C = 0."""
    return f"{(_MINOR if minor else _MAJOR)[tonic]} {'minor' if minor else 'major'}"


def camelot(tonic: int, *, minor: bool) -> str:
    """Return such as `8A`: fifths go up one by one, and relative keys share a number."""
    return f"{_hour(tonic, minor=minor)}{'A' if minor else 'B'}"


def open_key(tonic: int, *, minor: bool) -> str:
    """Return such as `1m`: Open Key begins at C major and A minor, where Camelot has 8."""
    return f"{(_hour(tonic, minor=minor) + 4) % 12 + 1}{'m' if minor else 'd'}"


def _hour(tonic: int, *, minor: bool) -> int:
    return (7 * tonic + (5 if minor else 8) - 1) % 12 + 1
