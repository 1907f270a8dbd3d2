"""What a style of music is to the composer: tempo range, grooves, lines, sounds, as one table row.

Patterns are drum tablature. A string is one bar (``|`` separates bars), its characters are equal
steps of the bar. Drums: ``X`` accent, ``x`` hit, ``o`` soft, ``g`` ghost, ``?`` perhaps (drawn
once per piece), ``r`` ``t`` ``q`` rolls of 2, 3, 4 in the step, ``.`` rest. Bass: ``R`` root,
``F`` fifth, ``O`` octave, ``T`` third, ``S`` seventh, ``W`` walking, ``A`` the root of the chord
that follows, ``-`` hold. Chords: ``X`` ``x`` ``o`` struck, ``-`` held, digits single chord tones
counted upwards.
"""

from collections.abc import Mapping
from dataclasses import dataclass

Groove = Mapping[str, str]
"""Drum name → tablature."""


@dataclass(frozen=True)
class Style:
    """One style, in the octave a DJ reads on the record.

    ``bpm`` is the range of quarter notes (dotted quarters in 12/8); ``swing`` the share of a pair
    of ``swing_unit`` beats that its first half takes, 0.5 = straight. Instruments are General
    MIDI programs counted from 0.
    """

    name: str
    family: str
    bpm: tuple[float, float]
    grooves: tuple[Groove, ...] = ()
    bass: tuple[str, ...] = ()
    comp: tuple[str, ...] = ()
    arp: tuple[str, ...] = ()
    mood: str = "pop"
    bars_per_chord: tuple[float, ...] = (1.0,)
    beats_per_bar: int = 4
    swing: tuple[float, float] = (0.5, 0.5)
    swing_unit: float = 0.25
    steps_per_beat: int = 4
    electronic: bool = False
    chopped: bool = False
    pumping: float = 0.0
    kits: tuple[int, ...] = (0, 8, 16)
    basses: tuple[int, ...] = (33, 34)
    keys: tuple[int, ...] = (0, 4, 27)
    leads: tuple[int, ...] = (65, 56, 73, 80)
    lead: float = 0.4
    weight: float = 1.0
