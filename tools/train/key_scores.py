"""Compose short pieces whose key is known, each in a style."""

from tools.render.scales import SCALES
from tools.train.key_harmony import Chord, parse_chords
from tools.train.key_piece import Piece, Random
from tools.train.key_progressions import PROGRESSIONS, Family
from tools.train.key_writer import BEATS, Writer

__all__ = ["RIFFS", "compose", "styles"]

RIFFS: dict[str, tuple[bool, tuple[str, ...]]] = {
    "acid": (True, ("minor pentatonic", "minor", "phrygian", "blues")),
    "riff": (True, ("minor pentatonic", "minor", "dorian", "phrygian", "blues")),
    "riff major": (False, ("major", "mixolydian", "major pentatonic")),
    "drone minor": (True, ("minor", "dorian", "phrygian", "harmonic", "minor pentatonic")),
    "drone major": (
        False,
        ("major", "mixolydian", "lydian", "major pentatonic", "phrygian dominant"),
    ),
    "melody minor": (True, ("minor", "harmonic", "dorian")),
    "melody major": (False, ("major", "major pentatonic")),
}
"""Styles without chords: whether minor, and the scales."""

_MIDWAY = 0.12
"""Share of the pieces with a cadence that begin midway, as tracks of a mix do."""


def styles() -> list[str]:
    """Return the name of every style."""
    return [*PROGRESSIONS, *RIFFS]


def compose(style: str, random: Random) -> Piece:
    """Return a piece of 12 to 40 s in a style, in a key of its own."""
    bpm = float(random.uniform(70, 175))
    tonic = int(random.integers(12))
    if style in RIFFS:
        return _without_chords(style, tonic, bpm, random)
    family = PROGRESSIONS[style]
    numerals = str(random.choice(family.progressions))
    return _with_chords(style, family, parse_chords(numerals), tonic, bpm, random)


def _with_chords(
    style: str, family: Family, chords: list[Chord], tonic: int, bpm: float, random: Random
) -> Piece:
    bar = float(random.choice([4, 4, 4, 2, 3, 8] if len(chords) > 1 else [4, 8]))
    if bar * len(chords) * 60 / bpm > 30:
        bar = 4.0 if bar * len(chords) > 40 else max(2.0, bar / 2)
    enough = 16.0 * bpm / 60
    repeats = max(1, round(enough / (bar * len(chords)) + random.uniform(-0.2, 0.8)))
    order = chords * repeats
    if len(chords) > 1 and random.random() < _MIDWAY:
        skipped = int(random.integers(1, len(chords)))
        if family.closes and repeats > 1:  # a loop would belong to another chord
            order = order[skipped:]
    if family.closes and random.random() < (0.85 if family.clear else 0.3):
        home = [chord.notes for chord in chords if chord.root == 0]
        shape = home[0] if home else (0, 3 if family.minor else 4, 7)
        order = [*order, Chord(0, shape if random.random() < 0.5 else shape[:3])]
    arrangement = str(
        random.choice(
            ["full", "full", "full", "full+lead", "full+lead", "chords", "chords+lead", "bass"],
            p=[0.15, 0.15, 0.15, 0.15, 0.1, 0.15, 0.1, 0.05],
        )
    )
    if arrangement == "bass" and len({c.root for c in chords}) < 3:
        arrangement = "full"
    piece = Piece(
        style=style,
        arrangement=arrangement,
        tonic=tonic,
        minor=family.minor,
        clear=family.clear and arrangement != "bass",
        bpm=bpm,
    )
    writer = Writer(piece, random)
    if "full" in arrangement or "chords" in arrangement:
        writer.chords(order, bar, inversions=style.startswith(("classical", "jazz", "pop")))
    if "full" in arrangement or "bass" in arrangement:
        writer.bass(order, bar)
    if "lead" in arrangement:
        writer.melody(order, bar, SCALES[family.scale])
    piece.chords, piece.chord_seconds = order, bar * 60 / bpm
    piece.seconds = len(order) * bar * 60 / bpm + 0.7
    return piece


def _without_chords(style: str, tonic: int, bpm: float, random: Random) -> Piece:
    minor, scales = RIFFS[style]
    scale = SCALES[str(random.choice(scales))]
    if style in {"acid", "riff", "riff major"}:
        bpm = max(bpm, 95.0)
    piece = Piece(style=style, arrangement="alone", tonic=tonic, minor=minor, clear=False, bpm=bpm)
    writer = Writer(piece, random)
    bars = max(4, round(18 * bpm / 240))
    home = [Chord(0, (0, 3 if minor else 4, 7))] * bars
    if style == "acid":
        writer.riff(bars, scale, low=int(random.integers(33, 46)), length=0.25, role="bass")
    elif style.startswith("riff"):
        low = int(random.integers(36, 56))
        writer.riff(bars, scale, low=low, length=0.5, role="bass" if low < 46 else "lead")
    elif style.startswith("drone"):
        fifth = random.random() < 0.5
        writer.drone(bars * BEATS, fifth=fifth)
        writer.melody(home, 4.0, scale)
    else:
        order = [Chord(r, (0, 3 if (minor and r in {0, 5}) else 4, 7)) for r in (0, 5, 7, 0)]
        writer.melody(order * max(1, bars // 4), 4.0, scale)
        bars = max(1, bars // 4) * 4
    piece.seconds = bars * BEATS * 60 / bpm + 0.7
    return piece
