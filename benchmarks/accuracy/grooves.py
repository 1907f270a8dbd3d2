"""str patterns by style: what beats where, and which tempo a DJ would read on it.

A line is one bar; a digit is a stroke and its hardness (9 the hardest), a dot none. Lines of 16 are
sixteenths of 4/4, of 12 either triplets of 4/4 or sixteenths of 3/4, of 9 triplets of 3/4. `swing`
moves every second step to that share of its pair.
"""

# ruff: noqa: E501 - one row of the table is one line

from dataclasses import dataclass

__all__ = ["GROOVES", "Groove"]

Lines = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Groove:
    """A way to play drums.

    Attributes:
        style: The group that it is examined in.
        slowest: Lowest tempo that it is played at.
        fastest: Highest.
        bars: One bar of lines, or several that follow each other.
        beats: Beats in a bar.
        swing: Share of a pair of steps at which the second falls.

    """

    name: str
    style: str
    slowest: float
    fastest: float
    bars: tuple[Lines, ...]
    beats: int = 4
    swing: float = 0.5


def _groove(
    style: str,
    name: str,
    tempi: tuple[float, float],
    *bars: Lines,
    beats: int = 4,
    swing: float = 0.5,
) -> Groove:
    return Groove(
        name=name,
        style=style,
        slowest=tempi[0],
        fastest=tempi[1],
        bars=bars,
        beats=beats,
        swing=swing,
    )


GROOVES: tuple[Groove, ...] = (
    # straight
    _groove("straight", "ballad sixteenths", (60, 88),
        (("kick", "9.....4.8......."), ("snare", "....9.......9..."), ("hat", "6363636363636363")),
        (("kick", "9.....4.8.6....."), ("snare", "....9.......9..2"), ("hat", "6363636363636363"))),
    _groove("straight", "ballad eighths", (60, 96),
        (("kick", "9.......8.7....."), ("rim", "....8.......8..."), ("hat", "7.4.7.4.7.4.7.4.")),
        (("kick", "9.....6.8......."), ("rim", "....8.......8..."), ("hat", "7.4.7.4.7.4.7.5."))),
    _groove("straight", "pop", (84, 132),
        (("kick", "9.......8.8....."), ("snare", "....9.......9..."), ("hat", "8.5.8.5.8.5.8.5.")),
        (("kick", "9..5....8.8....."), ("snare", "....9.......9..."), ("hat", "8.5.8.5.8.5.8.5."))),
    _groove("straight", "rock", (100, 168),
        (("kick", "9.....7.8......."), ("snare", "....9.......9..."), ("hat", "9.6.9.6.9.6.9.6.")),
        (("kick", "9.....7.8.7....."), ("snare", "....9.......9..."), ("hat", "9.6.9.6.9.6.9.6."))),
    _groove("straight", "house", (116, 150),
        (("kick", "9...9...9...9..."), ("clap", "....8.......8..."), ("open_hat", "..7...7...7...7."),
         ("shaker", "3232323232323232"))),
    _groove("straight", "techno", (122, 150),
        (("kick", "9...9...9...9..."), ("hat", "..7...7...7...7."), ("rim", "...4..4....4...."),
         ("hat", "2.2.2.2.2.2.2.2.")),
        (("kick", "9...9...9...9..."), ("hat", "..7...7...7...7."), ("rim", "...4..4...4....4"),
         ("clap", "............6..."))),
    _groove("straight", "disco", (104, 136),
        (("kick", "9...9...9...9..."), ("snare", "....8.......8..."), ("open_hat", "..8...8...8...8."),
         ("hat", "8...8...8...8..."))),
    _groove("straight", "sixteenth funk", (84, 118),
        (("kick", "9..7......7..4.."), ("snare", "....9..3.3..9..."), ("hat", "8353835383538353")),
        (("kick", "9.7....7..7....."), ("snare", "....9..3.3..9.3."), ("hat", "8353835383538353"))),
    _groove("straight", "motown", (104, 180),
        (("kick", "9.....8.9......."), ("snare", "9...9...9...9..."), ("hat", "7.4.7.4.7.4.7.4."))),
    _groove("straight", "fast rock", (156, 200),
        (("kick", "9.......9.8....."), ("snare", "....9.......9..."), ("ride", "8...8...8...8...")),
        (("kick", "9.....7.9......."), ("snare", "....9.......9..."), ("ride", "8...8...8...8..."))),
    _groove("straight", "punk", (160, 200),
        (("kick", "9...9.8.9...9..."), ("snare", "....9.......9..."), ("hat", "9...9...9...9..."))),
    # swung
    _groove("swung", "shuffle", (84, 148),
        (("kick", "9.....8....."), ("snare", "...9.....9.."), ("hat", "8.58.58.58.5")),
        (("kick", "9....78....."), ("snare", "...9.....9.."), ("hat", "8.58.58.58.5"))),
    _groove("swung", "boom bap", (78, 104),
        (("kick", "9......7..8....."), ("snare", "....9.......9..."), ("hat", "8.5.8.5.8.5.8.5.")),
        (("kick", "9..6...7..8....."), ("snare", "....9.......9..4"), ("hat", "8.5.8.5.8.538.5.")),
        swing=0.62),
    _groove("swung", "garage", (124, 140),
        (("kick", "9.........8....."), ("snare", "....9.......9..."), ("hat", "..73..7...73..7."),
         ("rim", ".......4.4......")),
        (("kick", "9......6..8....."), ("snare", "....9.......9..."), ("hat", "..73..7...73..7."),
         ("rim", ".......4.......4")), swing=0.6),
    _groove("swung", "swung house", (116, 130),
        (("kick", "9...9...9...9..."), ("clap", "....8.......8..."), ("hat", "4.75..75..75.275")),
        swing=0.58),
    _groove("swung", "jazz ride", (112, 200),
        (("ride", "8..8.58..8.5"), ("hat", "...7.....7.."), ("kick", "3..3..3..3.."), ("snare", ".....3.....4")),
        (("ride", "8..8.58..8.5"), ("hat", "...7.....7.."), ("kick", "3..3..3.43.."), ("snare", "..4.....3..."))),
    _groove("swung", "swing brushes", (100, 190),
        (("snare", "4..7.24..7.2"), ("ride", "7..7.57..7.5"), ("kick", "5.....5.....")),
        (("snare", "4..7.24..7.5"), ("ride", "7..7.57..7.5"), ("kick", "5.....5....."))),
    _groove("swung", "slow triplets", (60, 80),
        (("kick", "9....78....."), ("snare", "...9.....9.."), ("hat", "755755755755"))),
    # half-time
    _groove("half-time", "dubstep", (134, 148),
        (("kick", "9.........6....."), ("snare", "........9......."), ("hat", "6...5...6...5.5.")),
        (("kick", "9.....7........."), ("snare", "........9......."), ("hat", "6...5...6..55..."))),
    _groove("half-time", "trap", (130, 150),
        (("kick", "9.....8....8...."), ("clap", "........9......."), ("hat", "7.5.7.5.7.5.7555")),
        (("kick", "9..........87..."), ("clap", "........9......."), ("hat", "7.5.7.5.7555555."))),
    _groove("half-time", "half-time rock", (130, 150),
        (("kick", "9...........7..."), ("snare", "........9......."), ("hat", "8...7...8...7...")),
        (("kick", "9.....7.....7..."), ("snare", "........9......."), ("hat", "8...7...8...7..."))),
    _groove("half-time", "half-time eighths", (130, 150),
        (("kick", "9..7............"), ("snare", "........9......."), ("hat", "8.4.7.4.8.4.7.4.")),
        (("kick", "9..7......7....."), ("snare", "........9......."), ("hat", "8.4.7.4.8.4.7.4."))),
    # breakbeat
    _groove("breakbeat", "two-step", (160, 180),
        (("kick", "9.........9....."), ("snare", "....9.......9..."), ("hat", "8.6.8.6.8.6.8.6."))),
    _groove("breakbeat", "jungle", (155, 180),
        (("kick", "9.7.......87...."), ("snare", "....9..3.3..8..4"), ("ride", "8.6.8.6.8.6.8.6.")),
        (("kick", "9.7.......8....."), ("snare", "....9..3.3....9."), ("ride", "8.6.8.6.8.6.8.6."))),
    _groove("breakbeat", "drumfunk", (160, 178),
        (("kick", "9.....6...8....."), ("snare", "....9.3..3..9.3."), ("hat", "8363836383638363")),
        (("kick", "9..6......8..6.."), ("snare", "....9..4.3..9..3"), ("hat", "8363836383638363"))),
    _groove("breakbeat", "big beat", (120, 142),
        (("kick", "9.8....7..8....."), ("snare", "....9.......9..."), ("hat", "8.7.8.7.8.7.8.7.")),
        (("kick", "9..8...7..8....."), ("snare", "....9..4....9.4."), ("hat", "8.7.8.7.8.7.8.7."))),
    _groove("breakbeat", "breaks", (124, 146),
        (("kick", "9.........8.7..."), ("snare", "....9..3.2..9..."), ("hat", "7.5.7.5.7.5.7.5.")),
        (("kick", "9......7..8....."), ("snare", "....9.......9..3"), ("hat", "7.5.7.5.7.5.755."))),
    _groove("breakbeat", "hardcore", (146, 170),
        (("kick", "9.....8...8....."), ("snare", "....9..5....9..."), ("open_hat", "..6...6...6...6."))),
    # 3/4
    _groove("3/4", "waltz", (84, 190),
        (("kick", "9..........."), ("snare", "....5...5..."), ("hat", "5...6...6...")), beats=3),
    _groove("3/4", "jazz waltz", (108, 200),
        (("ride", "8..7.57.."), ("hat", "...7..7.."), ("kick", "7........"), ("snare", ".....3...")),
        (("ride", "8..7.57.."), ("hat", "...7..7.."), ("kick", "7....4..."), ("rim", "........4")), beats=3),
    _groove("3/4", "rock waltz", (80, 140),
        (("kick", "9.....6....."), ("snare", "........9..."), ("hat", "8.5.8.5.8.5.")),
        (("kick", "9.....6....."), ("snare", "........9.4."), ("hat", "8.5.8.5.8.5.")), beats=3),
    _groove("3/4", "country waltz", (80, 150),
        (("kick", "9..........."), ("rim", "....7...7..."), ("shaker", "6.4.6.4.6.4.")), beats=3),
    _groove("3/4", "electronic three", (96, 160),
        (("kick", "9...6...6..."), ("clap", "....7......."), ("hat", "..6...6...6.")), beats=3),
)  # fmt: skip
"""Every groove; the tempi are those at which the style reads as that number."""
