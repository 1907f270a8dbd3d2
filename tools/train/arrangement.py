"""The plan of a piece bar by bar: intro, breakdown, build, fills and who plays where."""

from dataclasses import dataclass, replace
from random import Random

from tools.train.styles import Style

KICKS = ("kick", "surdo")
SNARES = ("snare", "clap", "rim")
CYMBALS = ("hat", "open", "pedal", "ride", "shaker", "tamb", "crash")
TUNED = ("bass", "chords", "arp", "lead")


@dataclass(frozen=True)
class BarPlan:
    """Who plays in one bar, and what marks it."""

    drums: tuple[str, ...] | None = None
    """Drum groups that play: None all, () none."""
    tuned: tuple[str, ...] = TUNED
    fill: float = 0.0
    """Beats at the end of the bar that a fill takes."""
    crash: bool = False
    roll: bool = False


def plays(plan: BarPlan, drum: str) -> bool:
    """Say whether ``drum`` sounds in a bar of this plan."""
    if plan.drums is None:
        return True
    groups = {"kicks": KICKS, "snares": SNARES, "cymbals": CYMBALS}
    if any(drum in groups[group] for group in plan.drums if group in groups):
        return True
    known = drum in KICKS + SNARES + CYMBALS
    return "percussion" in plan.drums and not known


INTROS: tuple[BarPlan, ...] = (
    BarPlan(drums=("kicks",), tuned=()),
    BarPlan(drums=("kicks", "cymbals"), tuned=()),
    BarPlan(drums=("cymbals", "percussion"), tuned=("chords", "arp")),
    BarPlan(drums=(), tuned=("chords", "arp")),
    BarPlan(drums=None, tuned=()),
    BarPlan(drums=None, tuned=("bass",)),
    BarPlan(drums=("kicks", "snares"), tuned=("bass",)),
)


def plan_bars(style: Style, bars: int, *, drummed: bool, rng: Random) -> list[BarPlan]:
    """Draw the plan of ``bars`` bars; a piece without drums gets no drum parts at all."""
    tuned: tuple[str, ...] = TUNED
    if drummed and rng.random() < 0.08:
        tuned = rng.choice(((), ("bass",), ("chords",)))
    full = BarPlan(tuned=tuned) if drummed else BarPlan(drums=(), tuned=tuned)
    plans = [full] * bars
    if not drummed:
        quiet = replace(full, tuned=("chords", "arp"))
        length = min(rng.choice((0, 0, 2, 4)), bars)
        plans[:length] = [quiet] * length
        return plans
    if rng.random() < 0.4:
        length = min(rng.choice((1, 2, 4, 4, 8)), bars // 3)
        plans[:length] = [rng.choice(INTROS)] * length
    if bars >= 12 and rng.random() < (0.4 if style.electronic else 0.2):
        _break_down(plans, style, rng)
    return _mark(plans, style, rng)


def _break_down(plans: list[BarPlan], style: Style, rng: Random) -> None:
    """Take the drums out for some bars, and perhaps roll back into them."""
    bars = len(plans)
    length = min(rng.choice((1, 2, 4, 4, 8)), bars // 3)
    start = rng.randrange(bars // 4, bars - length)
    start -= start % 4 if start >= 4 and rng.random() < 0.8 else 0
    tuned = rng.choice((("chords", "arp"), ("bass", "chords"), ("chords", "lead"), TUNED))
    plan = BarPlan(drums=(), tuned=tuned)
    plans[start : start + length] = [plan] * length
    if style.electronic and rng.random() < 0.6:
        for bar in range(start + length - min(2, length), start + length):
            plans[bar] = replace(plan, roll=True)


def _mark(plans: list[BarPlan], style: Style, rng: Random) -> list[BarPlan]:
    """Put fills before, and crashes on, the seams of 4, 8 or 16 bars."""
    phrase = rng.choice((4, 4, 8, 8, 16))
    filling = rng.choice((0.0, 0.5, 0.8, 1.0))
    crashing = rng.choice((0.0, 0.5, 0.9))
    marked = list(plans)
    for bar, plan in enumerate(plans):
        if plan.drums == ():
            continue
        if bar % phrase == phrase - 1 and rng.random() < filling:
            length = rng.choice((0.5, 1.0, 1.0, 2.0, float(style.beats_per_bar)))
            marked[bar] = replace(marked[bar], fill=min(length, float(style.beats_per_bar)))
        if bar % phrase == 0 and plan.drums is None and rng.random() < crashing:
            marked[bar] = replace(marked[bar], crash=True)
    return marked
