"""Drum tablature turned into hits: variations, fills, crashes, rolls and chopped breaks."""

from random import Random

from tools.render.notes import Hit
from tools.train.arrangement import BarPlan, plays
from tools.train.styles import Groove, Style

LEVELS = {"X": 1.0, "x": 0.8, "o": 0.5, "g": 0.25, "?": 0.65}
ROLLS = {"r": 2, "t": 3, "q": 4}
Bar = list[Hit]
"""Hits of one bar, in beats from its start."""


def settle(groove: Groove, rng: Random) -> dict[str, str]:
    """Decide every ``?`` of a groove for this piece, and drop or thin a line now and then."""
    maybe = rng.random()
    settled = {}
    for drum, tab in groove.items():
        essential = drum in ("kick", "snare", "clap", "surdo", "ride")
        if not essential and len(groove) > 2 and rng.random() < 0.12:
            continue
        settled[drum] = "".join(
            ("x" if rng.random() < maybe else ".") if mark == "?" else mark for mark in tab
        )
    return settled


def read_bars(groove: Groove, beats_per_bar: int) -> list[Bar]:
    """Read tablature into bars of hits; shorter lines repeat."""
    count = max(tab.count("|") + 1 for tab in groove.values())
    bars: list[Bar] = [[] for _ in range(count)]
    for drum, tab in groove.items():
        lines = tab.split("|")
        for index, bar in enumerate(bars):
            line = lines[index % len(lines)]
            step = beats_per_bar / len(line)
            for position, mark in enumerate(line):
                if mark in LEVELS:
                    bar.append(Hit(position * step, drum, LEVELS[mark]))
                for stroke in range(ROLLS.get(mark, 0)):
                    at = (position + stroke / ROLLS[mark]) * step
                    bar.append(Hit(at, drum, 0.7 - 0.08 * stroke))
    return bars


def chop(bars: list[Bar], rng: Random) -> Bar:
    """Rearrange a break in slices of half a bar or a quarter; the first slice mostly stays."""
    slice_beats = rng.choice((1.0, 1.0, 2.0))
    bar: Bar = []
    source = rng.choice(bars)
    count = int(4 / slice_beats)
    for index in range(count):
        taken = index
        if rng.random() < (0.1 if index == 0 else 0.3):
            taken = (index + rng.choice((0, 2))) % count if slice_beats == 1.0 else index
            source = rng.choice(bars)
        low = taken * slice_beats
        bar += [
            Hit(hit.at - low + index * slice_beats, hit.drum, hit.velocity)
            for hit in source
            if low <= hit.at < low + slice_beats
        ]
    return bar


def fill(style: Style, length: float, rng: Random) -> Bar:
    """Play a fill over the last ``length`` beats of a bar."""
    start = style.beats_per_bar - length
    step = 1.0 / style.steps_per_beat
    if style.steps_per_beat == 2 and rng.random() < 0.3 and style.bpm[1] < 150:
        step /= 2
    steps = round(length / step)
    manner = rng.choice(("snare", "toms", "toms", "gaps", "silence", "flam"))
    bar: Bar = []
    toms = ("tom_hi", "tom_mid", "tom_lo", "tom_lo")
    for index in range(steps):
        at = start + index * step
        rising = 0.5 + 0.5 * index / steps
        if manner == "snare":
            bar.append(Hit(at, "snare", rising))
        elif manner == "toms":
            bar.append(Hit(at, toms[index * len(toms) // steps], 0.6 + 0.4 * rng.random()))
        elif manner == "gaps" and rng.random() < 0.6:
            bar.append(Hit(at, rng.choice(("snare", "tom_mid", "kick")), 0.6 + 0.3 * rng.random()))
        elif manner == "flam" and index % 2 == 0:
            bar.append(Hit(at, "snare", 0.9))
    return bar


def roll(beats_per_bar: int, last: bool) -> Bar:
    """Build with a snare roll: eighths, then sixteenths towards the drop."""
    steps = beats_per_bar * (4 if last else 2)
    base = 0.65 if last else 0.4
    return [
        Hit(index * beats_per_bar / steps, "snare", base + 0.3 * index / steps)
        for index in range(steps)
    ]


def drum_part(style: Style, plans: list[BarPlan], rng: Random) -> list[Hit]:
    """Play the drums of all bars, in beats of the piece."""
    if not style.grooves:
        return []
    grooves = [read_bars(settle(rng.choice(style.grooves), rng), style.beats_per_bar)]
    if rng.random() < 0.3:
        grooves.append(read_bars(settle(rng.choice(style.grooves), rng), style.beats_per_bar))
    looseness = rng.choice((0.0, 0.0, 0.03, 0.08))
    ghosts = rng.choice((0.0, 0.0, 0.15))
    hits: list[Hit] = []
    for index, plan in enumerate(plans):
        start = float(index * style.beats_per_bar)
        bars = grooves[(index // 8) % len(grooves)]
        chopped = style.chopped and rng.random() < 0.6
        bar = chop(bars, rng) if chopped else bars[index % len(bars)]
        limit = style.beats_per_bar - plan.fill
        for hit in bar:
            varied = hit.at > 0 and hit.velocity < 0.9 and rng.random() < looseness
            if hit.at < limit - 1e-6 and plays(plan, hit.drum) and not varied:
                hits.append(Hit(start + hit.at, hit.drum, hit.velocity))
        extra: Bar = []
        if plan.fill:
            extra += fill(style, plan.fill, rng)
        if plan.crash:
            extra.append(Hit(0.0, "crash", 0.9))
        if plan.roll:
            nearly = index + 1 == len(plans) or not plans[index + 1].roll
            extra += roll(style.beats_per_bar, nearly)
        if ghosts and plan.drums is None and rng.random() < ghosts:
            steps = style.beats_per_bar * style.steps_per_beat
            at = rng.randrange(1, steps) / style.steps_per_beat
            extra.append(Hit(at, "snare", 0.2))
        hits += [Hit(start + hit.at, hit.drum, hit.velocity) for hit in extra]
    return hits
