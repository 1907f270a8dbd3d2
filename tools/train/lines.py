"""The pitched parts: bass, chords, arpeggio and melody, over the chords of the piece."""

from random import Random

from tools.render.notes import Tone
from tools.render.scales import SCALES
from tools.train.arrangement import BarPlan
from tools.train.harmony import Chord, chord_at
from tools.train.styles import Style


def _runs(line: str) -> list[tuple[int, int, str]]:
    """Split a tab line into (first step, steps held, mark)."""
    runs: list[tuple[int, int, str]] = []
    for step, mark in enumerate(line):
        if mark == "-" and runs:
            first, _, held = runs[-1]
            runs[-1] = (first, step - first + 1, held)
        elif mark not in ".-":
            runs.append((step, 1, mark))
    return runs


def bass_part(style: Style, plans: list[BarPlan], chords: list[Chord], rng: Random) -> list[Tone]:
    """Play the bass line, roots mostly on downbeats."""
    line = rng.choice(style.bass) if style.bass else ""
    if not line:
        return []
    bars = line.split("|")
    floor = rng.choice((28, 31, 33, 36))
    legato = rng.choice((0.6, 0.85, 0.95))
    tones: list[Tone] = []
    last = floor + 5
    for index, plan in enumerate(plans):
        if "bass" not in plan.tuned:
            continue
        bar = bars[index % len(bars)]
        step = style.beats_per_bar / len(bar)
        for first, held, mark in _runs(bar):
            at = index * style.beats_per_bar + first * step
            chord = chord_at(chords, at)
            root = floor + (chord.root - floor) % 12
            if mark == "W" and abs(at - chord.start) < 1e-6 and rng.random() < 0.85:
                mark = "R"  # noqa: PLW2901 - a walk sets out from the root of a new chord
            pitch = _bass_pitch(mark, root, chord, chord_at(chords, at + held * step), last, rng)
            last = pitch
            accent = 0.9 if first == 0 else 0.75
            tones.append(Tone(at, held * step * legato, pitch, accent, "bass"))
    return tones


def _bass_pitch(mark: str, root: int, chord: Chord, after: Chord, last: int, rng: Random) -> int:
    """Give the pitch that a bass mark asks for."""
    if mark == "A":
        return root + (after.root - root + 5) % 12 - 5
    if mark == "W":
        return _walk(root, chord, after, last, rng)
    steps = {"R": 0, "O": 12, "F": chord.intervals[2], "T": chord.intervals[1], "S": 10}
    return root + steps[mark]


def _walk(root: int, chord: Chord, after: Chord, last: int, rng: Random) -> int:
    """Walk: the root when a chord begins, a leading tone before the next, else a near tone."""
    if after is not chord:
        return root + (after.root - root + 5) % 12 - 5 + rng.choice((-1, 1, -2, 2))
    if abs((last - root) % 12) > 0 and rng.random() < 0.35:
        return root
    near = [root + i for i in chord.intervals[1:3]] + [root + 12, root + 2, root + 9]
    return min(near, key=lambda pitch: abs(pitch - last) + 3 * rng.random() + 9 * (pitch == last))


def chord_part(style: Style, plans: list[BarPlan], chords: list[Chord], rng: Random) -> list[Tone]:
    """Strike the chords in the comping rhythm of the style."""
    line = rng.choice(style.comp) if style.comp else ""
    if not line:
        return []
    bars = line.split("|")
    low, voices = rng.choice((50, 53, 55, 58)), rng.choice((3, 3, 4))
    short = rng.choice((0.5, 0.8, 0.95))
    levels = {"X": 0.9, "x": 0.7, "o": 0.45}
    tones: list[Tone] = []
    for index, plan in enumerate(plans):
        if "chords" not in plan.tuned:
            continue
        start = index * style.beats_per_bar
        bar = bars[index % len(bars)]
        step = style.beats_per_bar / len(bar)
        for first, held, mark in _runs(bar):
            end = first * step + held * step
            at = first * step
            while at < end - 1e-6:  # a held chord is struck anew where the harmony changes
                chord = chord_at(chords, start + at)
                length = min(end, chord.start + chord.length - start) - at
                for pitch in chord.pitches(low, voices):
                    lasting = length * (short if held == 1 else 0.97)
                    tones.append(Tone(start + at, lasting, pitch, levels[mark], "chords"))
                at += length
    return tones


def arp_part(style: Style, plans: list[BarPlan], chords: list[Chord], rng: Random) -> list[Tone]:
    """Break the chords in the figure of the style."""
    figure = rng.choice(style.arp) if style.arp else ""
    if not figure:
        return []
    low, step = rng.choice((55, 60, 62, 67)), style.beats_per_bar / len(figure)
    ringing = rng.choice((0.7, 1.0, 2.0))
    tones: list[Tone] = []
    for index, plan in enumerate(plans):
        if "arp" not in plan.tuned:
            continue
        for position, mark in enumerate(figure):
            if mark.isdigit():
                at = index * style.beats_per_bar + position * step
                pitch = chord_at(chords, at).pitches(low, int(mark))[-1]
                level = 0.8 if position == 0 else 0.6
                tones.append(Tone(at, step * ringing, pitch, level, "arp"))
    return tones


def lead_part(style: Style, plans: list[BarPlan], chords: list[Chord], rng: Random) -> list[Tone]:
    """Sing a melody of repeated two-bar motifs, pentatonic over the chords."""
    if rng.random() > style.lead:
        return []
    beats = style.beats_per_bar
    grid = 1 / 3 if style.steps_per_beat == 3 else 0.5
    motifs = [[_rhythm(beats, grid, rng) for _ in range(2)] for _ in range(2)]
    low, degree = rng.choice((67, 69, 72)), 2
    tones: list[Tone] = []
    for index, plan in enumerate(plans):
        motif = motifs[(index // 4) % 2][index % 2]
        if "lead" not in plan.tuned or (index % 4 == 3 and rng.random() < 0.4):
            continue
        for at, length in motif:
            chord = chord_at(chords, index * beats + at)
            degree = max(0, min(8, degree + rng.choice((-2, -1, -1, 0, 1, 1, 2))))
            scale = SCALES[f"{'minor' if chord.intervals[1] == 3 else 'major'} pentatonic"]
            octave, note = divmod(degree, 5)
            pitch = low + (chord.root - low) % 12 + 12 * octave + scale[note] - 12 * (degree > 4)
            level = 0.85 if at == 0 else 0.7
            tones.append(Tone(index * beats + at, length * 0.92, pitch, level, "lead"))
    return tones


def _rhythm(beats: int, grid: float, rng: Random) -> list[tuple[float, float]]:
    """Draw one bar of melody rhythm: (start, length) in beats, strong places first."""
    busy = rng.choice((0.25, 0.4, 0.6))
    starts = []
    for step in range(round(beats / grid)):
        at = step * grid
        weight = 1.6 if at == 0 else 1.2 if at == int(at) else 0.7
        if rng.random() < busy * weight:
            starts.append(at)
    ends = [*starts[1:], float(beats)][: len(starts)]
    return [(at, min(end - at, 2.0)) for at, end in zip(starts, ends, strict=True)]
