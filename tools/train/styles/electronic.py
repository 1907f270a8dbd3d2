"""Dance music made with machines: constant tempo, four on the floor, breakbeats, half-time."""

from tools.train.styles.style import Style

FLOOR = "X...X...X...X..."
BACKBEAT = "....X.......X..."
OFFBEAT = "..x...x...x...x."
KITS = (24, 25, 16, 0)
SYNTHS = (38, 39)
PADS = (50, 51, 89, 90, 95)
STABS = (4, 16, 18, 62, 81, 90)
LEADS = (80, 81, 84, 87)

HOUSE = (
    {"kick": FLOOR, "clap": BACKBEAT, "open": OFFBEAT, "hat": "x.?.x.?.x.?.x.?."},
    {"kick": FLOOR, "clap": BACKBEAT, "open": OFFBEAT, "shaker": "oxoxoxoxoxoxoxox"},
    {"kick": FLOOR, "snare": BACKBEAT, "hat": "ogxgogxgogxgogxg", "rim": "...?..?...?..?.."},
    {"kick": FLOOR, "clap": BACKBEAT, "hat": OFFBEAT, "conga_hi": "..?..?....?..?.?"},
    {"kick": "X...X...X...X..?", "clap": BACKBEAT, "open": OFFBEAT, "tamb": "..o...o...o...oo"},
)
TECHNO = (
    {"kick": FLOOR, "open": OFFBEAT, "hat": "oooooooooooooooo", "rim": "...?..?....?..?."},
    {"kick": FLOOR, "hat": OFFBEAT, "clap": "....?.......?...", "tom_lo": "..?..?.?..?..?.?"},
    {"kick": FLOOR, "ride": OFFBEAT, "hat": "gogogogogogogogo", "clap": BACKBEAT},
    {"kick": FLOOR, "open": OFFBEAT, "cowbell": "?..?..?...?..?..", "shaker": "oxoxoxoxoxoxoxox"},
)
TRANCE = (
    {"kick": FLOOR, "open": OFFBEAT, "clap": BACKBEAT, "hat": "x.o.x.o.x.o.x.o."},
    {"kick": FLOOR, "open": OFFBEAT, "snare": BACKBEAT, "shaker": "oooooooooooooooo"},
    {"kick": FLOOR, "hat": "g.x.g.x.g.x.g.x.", "clap": BACKBEAT, "ride": "x.?.x.?.x.?.x.?."},
)
HARD = (
    {"kick": FLOOR, "open": OFFBEAT, "clap": BACKBEAT},
    {"kick": FLOOR, "ride": "x.x.x.x.x.x.x.x.", "snare": "....?.......?..."},
    {"kick": FLOOR, "hat": OFFBEAT, "snare": "....x.......x..?"},
)
BREAKS = (
    {"kick": "X.....x...x.....", "snare": BACKBEAT, "hat": "x.x.x.x.x.x.x.x."},
    {"kick": "X..x......x..?..", "snare": BACKBEAT, "hat": "xoxoxoxoxoxoxoxo"},
    {"kick": "X.x.......x...?.", "snare": "....X..g.g..X...", "hat": "x.x.x.x.x.x.x.x."},
    {"kick": "X.....x..x?.....", "clap": BACKBEAT, "cowbell": "..?...?...?..?..", "open": OFFBEAT},
)
TWO_STEP = (
    {"kick": "X.........x.....", "snare": BACKBEAT, "hat": "x.xoxox..xxox.xo"},
    {
        "kick": "X..?......x..?..",
        "clap": BACKBEAT,
        "hat": "..x...x...x...xo",
        "rim": ".......?.?....?.",
    },
    {
        "kick": "X......?..x.....",
        "snare": BACKBEAT,
        "shaker": "oxoxoxoxoxoxoxox",
        "open": "..?...?...?...x.",
    },
)
DRUM_AND_BASS = (
    {"kick": "X.........x.....", "snare": BACKBEAT, "hat": "x.x.x.x.x.x.x.x."},
    {"kick": "X.........x.....", "snare": "....X..g.g..X..?", "hat": "x.xox.xox.xox.xo"},
    {"kick": "X.x.......x.....", "snare": "....X....g..X...", "ride": "x.x.x.x.x.x.x.x."},
    {"kick": "X.........x.....|X..?......x..?..", "snare": BACKBEAT, "hat": "oxoxoxoxoxoxoxox"},
)
JUNGLE = (
    {
        "kick": "x.x.......xx....|x.x.......xx....|x.x.......x.....|..xx......x.....",
        "snare": "....X..g.g..X..g|....X..g.g..X..g|....X..g.g....X.|.g..X..g.g....X.",
        "ride": "x.x.x.x.x.x.x.x.",
    },
    {
        "kick": "X.....x...x.....|X.x...x...x.....",
        "snare": "....X..g.g..X.gg|....X..g.gg.X..x",
        "hat": "x.x.x.x.x.x.x.x.",
    },
    {"kick": "X.x.......x.....", "snare": "....X..x.x..X..x", "hat": "xoxoxoxoxoxoxoxo"},
)
HALF = "........X......."
DUBSTEP = (
    {"kick": "X.....?...?.....", "snare": HALF, "hat": "x..x..x.x..x..x."},
    {"kick": "X..?......?.....", "snare": HALF, "hat": "x.x.x.x.x.x.x.x."},
    {"kick": "X............x..", "clap": HALF, "hat": "x.ox.ox.ox.o", "rim": "....?.....?...?."},
    {"kick": "X......x........|X..x......x.....", "snare": HALF, "ride": "x...x...x...x..."},
)
TRAP = (
    {"kick": "X......?..x.....", "clap": HALF, "hat": "x.x.x.x.x.x.x.xr|x.x.x.x.x.r.x.xt"},
    {"kick": "X.........?..x..", "snare": HALF, "hat": "xxxxxxxxxxxxxxxx|xxxxxxrxxxxxxxqx"},
    {
        "kick": "X..x..?.........|X.....x.......?.",
        "clap": HALF,
        "hat": "x.x.x.x.x.txx.x.",
        "open": ".......?......x.",
    },
    {
        "kick": "X.....x.........",
        "snare": HALF,
        "hat": "xxxxxxxxxxxx|x.xx.xxxxx.x",
        "rim": "...?......?.....",
    },
)

OFF_BASS = ("..R...R...R...R.", "..RR..RR..RR..RR", "..R-..R-..R-..O-", ".RRR.RRR.RRR.RRR")
HOUSE_BASS = (
    "R..R..R...O.R...",
    "R.....R-..F-S-..",
    "..R-..R-..O-..R-",
    "R--.R--.F--.R--.",
    "R.OR..R..O.R.O..",
)
LONG_BASS = ("R-------R-------", "R-----R---F-----", "R---------------", "R--R--R---------")
HOUSE_COMP = (
    "..x...x...x...x.",
    "x..x..x...x..x..",
    "x-----------....",
    ".--x..x..x....x.",
    "x..x..x.........",
)
PAD = ("X---------------",)
ARPS = (
    "1234123412341234",
    "1324132413241324",
    "1.3.4.3.1.3.4.3.",
    "4321432143214321",
    "1.12.13.1.12.13.",
)
STABS_COMP = ("x.....x.........", "..x.....x..x....", "x..x..x.........", "....x.......x...")

_DANCE = {"electronic": True, "mood": "dance", "kits": KITS, "basses": SYNTHS, "leads": LEADS}


def _dance(name: str, family: str, bpm: tuple[float, float], **fields: object) -> Style:
    """Make a machine-made style with the common sounds, overridden by ``fields``."""
    return Style(name, family, bpm, **{**_DANCE, **fields})  # type: ignore[arg-type]


STYLES: tuple[Style, ...] = (
    _dance(
        "house",
        "straight",
        (118, 130),
        grooves=HOUSE,
        bass=HOUSE_BASS,
        comp=HOUSE_COMP,
        arp=ARPS,
        keys=STABS,
        swing=(0.5, 0.57),
        pumping=0.5,
        bars_per_chord=(1, 2, 2),
        weight=3,
    ),
    _dance(
        "disco",
        "straight",
        (105, 128),
        mood="pop",
        pumping=0.1,
        grooves=(
            {"kick": FLOOR, "snare": BACKBEAT, "open": OFFBEAT, "hat": "xo.oxo.oxo.oxo.o"},
            {
                "kick": FLOOR,
                "snare": BACKBEAT,
                "open": OFFBEAT,
                "tamb": "oxoxoxoxoxoxoxox",
                "conga_hi": "..x..?.x..x..?xx",
            },
        ),
        bass=("R.O.R.O.R.O.R.O.", "R..OR..OF..OS..A", "R-.R..OR..R.S.O."),
        comp=("x.ooxxoox.ooxxoo", "..x...x...x...x.", "x--.....x.x....."),
        arp=(),
        keys=(4, 27, 28, 48),
        basses=(33, 36, 38),
        kits=(0, 8, 16),
        leads=(48, 61, 65),
    ),
    _dance(
        "techno",
        "straight",
        (125, 150),
        grooves=TECHNO,
        bass=("..RR..RR..RR..RR", ".RRR.RRR.RRR.RRR", "R..R..R...R..R..", "..R...R...R...R."),
        comp=STABS_COMP,
        arp=ARPS,
        keys=STABS,
        bars_per_chord=(4, 4, 8),
        pumping=0.6,
        lead=0.1,
        weight=2,
    ),
    _dance(
        "trance",
        "straight",
        (130, 145),
        grooves=TRANCE,
        bass=OFF_BASS,
        comp=PAD,
        arp=ARPS,
        keys=PADS,
        bars_per_chord=(1, 2),
        pumping=0.7,
        lead=0.5,
        weight=1.5,
    ),
    _dance(
        "hardstyle",
        "straight",
        (150, 200),
        grooves=HARD,
        bass=OFF_BASS,
        comp=STABS_COMP + PAD,
        arp=ARPS,
        keys=PADS,
        bars_per_chord=(1, 2),
        pumping=0.6,
        weight=1.5,
    ),
    _dance(
        "breakbeat",
        "breakbeat",
        (120, 140),
        grooves=BREAKS,
        bass=(*HOUSE_BASS, "R.....R...R..O.."),
        comp=HOUSE_COMP + PAD,
        keys=STABS,
        arp=ARPS,
        swing=(0.5, 0.56),
        bars_per_chord=(1, 2, 4),
        weight=2,
    ),
    _dance(
        "uk_garage",
        "breakbeat",
        (128, 136),
        grooves=TWO_STEP,
        bass=("R..R......R..O..", "R-....R-..F...S.", "R-----....R-A-.."),
        comp=HOUSE_COMP,
        keys=(4, 16, 17, 81),
        swing=(0.54, 0.64),
        bars_per_chord=(1, 2),
        pumping=0.2,
        weight=1.5,
    ),
    _dance(
        "drum_and_bass",
        "breakbeat",
        (165, 180),
        grooves=DRUM_AND_BASS,
        bass=LONG_BASS,
        comp=(*PAD, "x-......x-......", "x.....x........."),
        keys=PADS + STABS,
        arp=("", *ARPS[:3]),
        bars_per_chord=(1, 2, 2, 4),
        weight=2.5,
    ),
    _dance(
        "jungle",
        "breakbeat",
        (155, 175),
        grooves=JUNGLE,
        chopped=True,
        bass=(*LONG_BASS, "R--.R-....R-..F-"),
        comp=(*PAD, "x-......x-......"),
        keys=PADS + STABS,
        bars_per_chord=(2, 2, 4),
        swing=(0.5, 0.55),
        kits=(0, 8, 24),
        weight=2,
    ),
    _dance(
        "dubstep",
        "half_time",
        (130, 150),
        grooves=DUBSTEP,
        bass=("R---------------", "R-----R---R-----", "R-.R-.R---------", "R-R-R-R-R---S---"),
        comp=(*PAD, "........x......."),
        keys=PADS,
        bars_per_chord=(2, 2, 4),
        pumping=0.2,
        weight=1.5,
    ),
    _dance(
        "trap",
        "half_time",
        (130, 150),
        grooves=TRAP,
        bass=("R-----..R-......", "R------R--......", "R---------------", "R-....R---....F-"),
        comp=(*PAD, "X-------x-------"),
        arp=("1...3...2...4...", "1..2..3.1..2..3.", ""),
        keys=(0, 10, 11, 46, 49, 88),
        bars_per_chord=(1, 2, 2),
        kits=(25, 24),
        lead=0.4,
        weight=2,
    ),
)
