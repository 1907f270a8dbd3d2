"""The progressions of each style, with the key that a musician hears in them.

Modes are labelled by tonic and third, as DJ tools do: dorian, phrygian and aeolian are minor,
mixolydian and lydian are major. A loop without a cadence belongs to the chord that it starts on.
"""

from dataclasses import dataclass

__all__ = ["PROGRESSIONS", "Family"]


@dataclass(frozen=True, kw_only=True)
class Family:
    """Progressions of one style.

    Attributes:
        minor: Whether the key is minor.
        scale: What a melody over it is made of, a key of `SCALES`.
        progressions: Roman numerals by bars.
        closes: Whether a piece ends on its tonic chord.
        clear: Whether cadences make the key clear.

    """

    minor: bool
    scale: str
    progressions: tuple[str, ...]
    closes: bool
    clear: bool


def _family(
    minor: bool, scale: str, progressions: str, *, closes: bool = False, clear: bool = False
) -> Family:
    each = tuple(" ".join(one.split()) for one in progressions.split("|"))
    return Family(minor=minor, scale=scale, progressions=each, closes=closes, clear=clear)


PROGRESSIONS: dict[str, Family] = {
    "pop major": _family(
        False,
        "major",
        """
        I IV V I | I vi IV V | I V vi IV | I IV I V | IV V I I | ii V I I | I iii IV V |
        I V IV V | vi ii V I | I IV ii V | I I IV V | I V ii IV | IV I V I | I vi ii V |
        I IV vi V | V IV I I | I iii vi V | IV V iii vi ii V I I
        """,
        closes=True,
        clear=True,
    ),
    "pop minor": _family(
        True,
        "minor",
        """
        i iv v i | i bVI bIII bVII | i bVII bVI V | i iv V i | i bVI iv V | i v bVI bVII |
        bVI bVII i i | i bIII bVII iv | iv V i i | i bVII iv V7 | i bVI bVII i | iv i V i |
        bVI V i i | i i iv V | i bIII iv V
        """,
        closes=True,
        clear=True,
    ),
    "classical major": _family(
        False,
        "major",
        """
        I V7 I IV V7 I | I ii V7 I | I vi ii V7 I | I IV I V V7 I | I V vi iii IV I IV V |
        I viio I V7 vi IV V7 I | I II7 V I | I VI7 ii V7 I | I IV V7 vi ii V7 I |
        I I7 IV V7 I | I III7 vi II7 V7 I | I V7 V7 I
        """,
        closes=True,
        clear=True,
    ),
    "classical minor": _family(
        True,
        "harmonic",
        """
        i V7 i iv V7 i | i iio V7 i | i bVI iio V7 i | i iv i V V7 i | i viio7 i V7 i |
        i V i bVII bIII bVII i V | i iv bVII bIII bVI iio V i | i bII V7 i | i II7 V7 i |
        i I7 iv V7 i | i V7 V7 i | i bVI iv V7
        """,
        closes=True,
        clear=True,
    ),
    "jazz major": _family(
        False,
        "major",
        """
        ii7 V7 IM7 IM7 | IM7 vi7 ii7 V7 | iii7 VI7 ii7 V7 | IM7 IV7 iii7 VI7 ii7 V7 IM7 IM7 |
        IM9 ii7 V9 I6 | IM7 #io7 ii7 V7 | vi7 II7 ii7 V7 IM7 | ii7 bII7 IM7 IM7 |
        IM7 iv6 IM7 V9
        """,
        closes=True,
        clear=True,
    ),
    "jazz minor": _family(
        True,
        "melodic",
        """
        iih7 V7 i6 i6 | i7 bVI7 iih7 V7 | i7 iv7 bVII7 bIIIM7 bVIM7 iih7 V7 i7 |
        i6 iv7 iih7 V7 | iv7 bVII9 i7 i7 | i7 V7 i6 i7 | iih7 bII7 i7 i7
        """,
        closes=True,
        clear=True,
    ),
    "loop minor": _family(
        True,
        "minor",
        """
        i bVI bIII bVII | i bVII bVI bVII | i bVI bVII v | i iv bVI bVII | i bIII bVI bVII |
        i bVII bIII bVI | i v iv bVI | i i bVI bVII | i bVI | i bVII | i iv | i v | i7 iv7 |
        i7 bVIM7 bIIIM7 bVII | i i i bVII | i bIII bVII bVI | i i bIII bVII | i bVI i bVII |
        iadd9 bVIM7 | i7 v7 bVIM7 iv7 | i iv i bVI | i bIII iv bVI | bVI bVII i i |
        iv bVI i bVII | bVI bVII i v | i7 bVII
        """,
    ),
    "loop major": _family(
        False,
        "major",
        """
        I IV | I V | I vi | I ii | I V vi IV | I IV vi V | IM7 IVM7 | I iii IV IV |
        I IV I IV | I I vi IV | IM7 vi7 IVM7 V | I ii IV I | IM7 iii7 | I V IV IV |
        Isus4 I IV I | I vi IV V | IV I | IM9 IVM9 vi7 V | IV V I I | IV I V I | I iii |
        I IV I V
        """,
    ),
    "vamp minor": _family(
        True,
        "minor",
        """
        i | i7 | iadd9 | i5 | i9 | isus2 i | i i6
        """,
    ),
    "vamp major": _family(False, "major", "I | I6 | IM7 | Iadd9 | Isus4 I | IM9"),
    "dorian": _family(
        True,
        "dorian",
        """
        i IV | i7 IV7 | i ii | i7 ii7 | i bVII IV i | i bIII IV i | i i IV IV | i9 IV9 |
        i bVII i IV | i7 i7 IV7 i7 | i IV bVII i
        """,
    ),
    "phrygian": _family(
        True,
        "phrygian",
        """
        i bII | i bII i bvii | i bIII bII i | i bvii i bII | i i bII bII | i bII bIII bII |
        i bVI bII i
        """,
    ),
    "spanish": _family(
        False,
        "phrygian dominant",
        """
        I bII | I bII bIII bII | I bII I bvii | I iv bII I
        """,
    ),
    "mixolydian": _family(
        False,
        "mixolydian",
        """
        I bVII | I bVII IV I | I bVII IV IV | I7 bVII | I v | I I bVII IV | I IV bVII IV |
        I7 IV7 | I7 | I bVII I IV | I v bVII IV
        """,
    ),
    "lydian": _family(
        False,
        "lydian",
        """
        I II | IM7 II | I II I V | I I II II | I II vii I | IM9 II6 | I vii
        """,
    ),
    "interchange": _family(
        False,
        "major",
        """
        I iv | I IV iv I | I bVI bVII I | I bIII IV I | I bVII bVI bVII | I III IV iv |
        IM7 iv6 | I bIII bVII IV | I V iv I | I I bVI bVII | I bVI IV I | I bII I V
        """,
    ),
    "interchange minor": _family(
        True,
        "minor",
        """
        i IV bVI V | i bII i V | i IV iv i | i bVI IV bVII | i V bVII IV bVI bIII iv V |
        i II bVI V | i biii i bvi | i bvi
        """,
    ),
    "power": _family(
        True,
        "minor pentatonic",
        """
        i5 bVII5 | i5 bIII5 iv5 i5 | i5 bVI5 bVII5 i5 | i5 iv5 v5 i5 | i5 bIII5 bVII5 iv5 |
        i5 i5 bVI5 bVII5 | i5 bII5 i5 bII5 | i5 i5 iv5 bIII5
        """,
    ),
    "blues": _family(
        False,
        "mixolydian",
        """
        I7 I7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7 V7 | I7 IV7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7 I7
        """,
    ),
    "blues minor": _family(
        True,
        "blues",
        """
        i7 i7 i7 i7 iv7 iv7 i7 i7 bVI7 V7 i7 i7 | i i i i iv iv i i v iv i i
        """,
    ),
}
