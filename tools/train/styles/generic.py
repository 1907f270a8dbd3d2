"""Plain patterns at any tempo that is conventional for them: the grid between the idioms."""

from tools.train.styles.style import Style

BACKBEAT = "..X...X."
STRAIGHT = (
    {"kick": "X...x...", "snare": BACKBEAT, "hat": "xxxxxxxx"},
    {"kick": "X...x...", "snare": BACKBEAT, "hat": "x.x.x.x."},
    {"kick": "X..?x..?", "snare": BACKBEAT, "hat": "xoxoxoxo"},
    {"kick": "X?..x?..", "snare": BACKBEAT, "ride": "xoxoxoxo"},
    {"kick": "X.x.x.x.", "snare": BACKBEAT, "hat": ".x.x.x.x"},
    {"kick": "X.x.x.x.", "clap": BACKBEAT, "hat": "xxxxxxxx"},
    {"kick": "X.......x.?.....", "snare": "....X.......X...", "hat": "xoxoxoxoxoxoxoxo"},
    {
        "kick": "X......?x.......",
        "snare": "....X.......X...",
        "hat": "x.x.x.x.x.x.x.x.",
        "shaker": "oooooooooooooooo",
    },
    {"kick": "X?.?x?.?", "snare": BACKBEAT, "hat": "xoxoxoxo"},
    {"kick": "X?.?x?.?", "snare": BACKBEAT, "hat": "xxxxxxxx", "open": ".......?"},
    {"kick": "X.x.x.x.", "hat": ".x.x.x.x"},
    {"kick": "X.x.x.x.", "open": ".x.x.x.x", "hat": "xxxxxxxx"},
    {"kick": "X.x.x.x."},
    {"kick": "X...x...", "snare": BACKBEAT},
    {"kick": "X.x.x.x.", "snare": BACKBEAT},
)
SWUNG = (
    {"kick": "X...x...", "snare": BACKBEAT, "hat": "xoxoxoxo"},
    {"kick": "X..?x..?", "snare": BACKBEAT, "ride": "x.xox.xo"},
    {"kick": "X.x.x.x.", "snare": BACKBEAT, "hat": "xoxoxoxo"},
    {"kick": "X...x..?", "snare": ".?X..?X.", "hat": "x.xox.xo"},
    {"kick": "X..?x..?", "snare": BACKBEAT, "hat": "xoxoxoxo", "tamb": "..x...x."},
    {"kick": "X..?...?", "snare": BACKBEAT, "ride": "xoxoxoxo"},
)
SIXTEENTH_SWING = (
    {"kick": "X......?x.......", "snare": "....X.......X...", "hat": "xoxoxoxoxoxoxoxo"},
    {"kick": "X..?....x..x....", "snare": "....X.......X...", "hat": "x.xox.xox.xox.xo"},
)
HALF = (
    {"kick": "X.......", "snare": "....X...", "hat": "xxxxxxxx"},
    {"kick": "X.....?.", "snare": "....X...", "hat": "xoxoxoxo"},
    {"kick": "X..?..?...?.....", "snare": "........X.......", "hat": "x.x.x.x.x.x.x.x."},
    {"kick": "X..?....", "clap": "....X...", "hat": "xoxoxoxoxoxoxoxo"},
    {"kick": "X.....x.", "snare": "....X...", "hat": "x.x.x.x."},
)
BREAK = (
    {"kick": "X.........x.....", "snare": "....X.......X...", "hat": "x.x.x.x.x.x.x.x."},
    {"kick": "X.....x...x.....", "snare": "....X.......X...", "hat": "xoxoxoxoxoxoxoxo"},
    {"kick": "X.x.......xx....", "snare": "....X..g.g..X..g", "hat": "x.x.x.x.x.x.x.x."},
    {"kick": "X..?......x..?..", "snare": "....X..?.?..X...", "ride": "x.x.x.x.x.x.x.x."},
    {"kick": "X.?..??..?x?.?..", "snare": "....X..?....X..?", "hat": "x.x.x.x.x.x.x.x."},
    {"kick": "X..?..x?.?x..?..", "snare": "....X.......X...", "hat": "xoxoxoxoxoxoxoxo"},
    {"kick": "X.x....?..x.....", "snare": "....X..x.x..X..x", "hat": "x.x.x.x.x.x.x.x."},
)
THREE = (
    {"kick": "X.....", "snare": "..x.x.", "hat": "x.x.x."},
    {"kick": "X.....", "snare": "..x.x.", "hat": "xxxxxx"},
    {"kick": "X....?", "snare": "....X.", "hat": "xoxoxo"},
    {"kick": "X.....", "hat": "..x.x."},
    {"kick": "X.....", "snare": "..X...", "ride": "x.x.x."},
)
CLICKS = (
    {"block": "X.x.x.x."},
    {"clave": "X.x.x.x."},
    {"cowbell": "x.x.x.x."},
    {"rim": "X.x.x.x.", "hat": "oooooooo"},
)
BASS = (
    "R-------",
    "R---R---",
    "R-R-R-R-",
    "RRRRRRRR",
    "R---F---",
    "R-..R-..",
    "R.......",
    "R-R-F-A-",
)
COMP = ("X-------", "X---X---", "x.x.x.x.", "..x...x.", "x-x-x-x-", "")
ARP = ("12341234", "13241324", "", "", "")
KEYS = (0, 4, 16, 25, 48, 81, 89)
BASSES = (32, 33, 34, 38, 39)
KITS = (0, 8, 16, 24, 25, 32)


def _plain(
    name: str, family: str, bpm: tuple[float, float], weight: float, **fields: object
) -> Style:
    """Make a generic style with the common lines and sounds."""
    common = {
        "bass": BASS,
        "comp": COMP,
        "arp": ARP,
        "keys": KEYS,
        "basses": BASSES,
        "kits": KITS,
        "bars_per_chord": (1, 1, 2),
        "lead": 0.25,
        "steps_per_beat": 2,
    }
    return Style(name, family, bpm, weight=weight, **{**common, **fields})  # type: ignore[arg-type]


STYLES: tuple[Style, ...] = (
    _plain("generic_straight", "straight", (60, 200), 7, grooves=STRAIGHT),
    _plain(
        "generic_swung", "swung", (60, 200), 5, grooves=SWUNG, swing=(0.56, 0.67), swing_unit=0.5
    ),
    _plain(
        "generic_swung_16", "swung", (60, 130), 1.5, grooves=SIXTEENTH_SWING, swing=(0.54, 0.67)
    ),
    Style("click", "straight", (60, 200), CLICKS, kits=KITS, electronic=True, lead=0.0),
    _plain("generic_half_time", "half_time", (120, 160), 3.5, grooves=HALF),
    _plain("generic_breakbeat", "breakbeat", (120, 180), 4.5, grooves=BREAK),
    _plain(
        "generic_waltz",
        "waltz",
        (80, 200),
        5,
        grooves=THREE,
        beats_per_bar=3,
        bass=("R-----", "R-....", "R---F-", "R-R-R-"),
        comp=("X-----", "..x.x.", "x.x.x.", ""),
        arp=("123432", "", ""),
    ),
)
