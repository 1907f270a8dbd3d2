"""The instruments that training and examination share."""

from pathlib import Path

import mido
import numpy as np
import pytest

from tools.render import midi, mixing, program, sources
from tools.render.fluidsynth import FluidSynth
from tools.render.kits.kit import DrumKit, strike
from tools.render.notes import Hit
from tools.render.waves import RATE, hertz, wavetable

RESOLUTION = midi.Resolution(ticks=1000, moments=1000, tail_sec=1)


def written(events: list[midi.Event], folder: Path) -> list[tuple[int, str]]:
    """Write events and read them back: the tick and the type of each."""
    midi.write(events, folder / "x.mid", RESOLUTION)
    (track,) = mido.MidiFile(folder / "x.mid").tracks
    ticks = np.cumsum([message.time for message in track])
    return [(int(tick), message.type) for tick, message in zip(ticks, track, strict=True)]


def test_a_note_ends_before_it_is_struck_again(tmp_path: Path) -> None:
    """At the same moment, whatever the order in which notes are given."""
    events = midi.note(0, 60, 1.0, 2.0, 80) + midi.note(0, 60, 0.0, 1.0, 80)
    kinds = [kind for tick, kind in written(events, tmp_path) if tick == 1000]
    assert kinds == ["note_off", "note_on"]


def test_an_instrument_is_chosen_before_it_plays(tmp_path: Path) -> None:
    """A note that would begin before second 0 begins at 0, after its program."""
    events = midi.note(0, 60, -0.01, 0.5, 80) + midi.program(0, 12, volume=100, pan=64)
    kinds = [kind for _, kind in written(events, tmp_path)]
    assert kinds == ["set_tempo", "program_change", "control_change", "control_change",
                     "note_on", "note_off", "end_of_track"]  # fmt: skip


def test_the_tail_follows_the_last_message(tmp_path: Path) -> None:
    """So that the last note can ring."""
    assert written(midi.note(0, 60, 0.0, 1.0, 80), tmp_path)[-1] == (2000, "end_of_track")


@pytest.mark.parametrize(("loud", "velocity"), [(-3, 1), (0.2, 1), (64.6, 65), (300, 127)])
def test_velocities_stay_in_their_range(loud: float, velocity: int) -> None:
    """MIDI knows 1 to 127; 0 would end a note."""
    assert midi.note(0, 60, 0.0, 1.0, loud)[0].message.velocity == velocity


def test_drums_stand_where_their_kit_says() -> None:
    """Full right is silent on the left; what passes the end is cut off."""
    click = np.ones(10, np.float32)
    kit = DrumKit({"rim": (click,)}, {"rim": 1.0}, {"rim": 0.5}, response=2.0)
    hits = [Hit(0.0, "rim", 1.0), Hit(95 / RATE, "rim", 0.5), Hit(-1.0, "rim", 1.0)]
    left, right = strike(hits, kit, 100)
    assert not left.any()
    assert right[:10] == pytest.approx(0.5)
    assert right[95:] == pytest.approx(0.125)
    assert not right[10:95].any()


def test_silence_has_no_peak() -> None:
    """It stays silence; anything else is brought to the peak that is asked for."""
    assert not mixing.to_peak(np.zeros(5, np.float32), 0.9).any()
    assert mixing.to_peak(np.array([0.1, -0.3], np.float32), 0.9) == pytest.approx([0.3, -0.9])


def test_the_kick_ducks_for_so_long_and_no_longer() -> None:
    """The level falls at the kick, rises, and is what it was at the end."""
    music = np.ones((2, RATE), np.float32)
    (ducked, _) = mixing.pump(music, [0.5], 0.6, 0.08, longest=0.3)
    at = [round(second * RATE) for second in (0.4, 0.5, 0.6, 0.85)]
    before, kick, after, end = ducked[at]
    assert (before, end) == (1.0, 1.0)
    assert kick == pytest.approx(0.4)
    assert kick < after < 1


def test_a_wavetable_has_the_harmonics_that_it_was_given() -> None:
    """With their strengths, and none else."""
    spectrum = np.abs(np.fft.rfft(wavetable([1.0, 0.0, 0.5])))
    assert spectrum[:5] == pytest.approx([0, 1, 0, 0.5, 0], abs=1e-9)


def test_pitches_are_tempered() -> None:
    """A4 has 440 Hz, an octave doubles."""
    assert hertz(69) == 440
    assert hertz(np.array([57.0, 81.0])) == pytest.approx([220, 880])


def test_a_program_that_fails_says_why() -> None:
    """The message ends with what it wrote to standard error."""
    with pytest.raises(program.ProgramFailed, match="sh: no such song"):
        program.run("sh", "-c", "echo no such song >&2; exit 3")


def test_a_font_that_is_missing_is_named(tmp_path: Path) -> None:
    """Nothing is played without it."""
    synth = FluidSynth(font=tmp_path / "none.sf2", resolution=RESOLUTION, loads_on_demand=True)
    with pytest.raises(program.ProgramMissing, match=r"none\.sf2"):
        synth.render([], gain=0.5)


def test_other_sources_have_another_fingerprint(tmp_path: Path) -> None:
    """And the same ones the same."""
    path = tmp_path / "a.py"
    path.write_text("a = 1\n")
    first = sources.fingerprint([path])
    assert sources.fingerprint([path]) == first
    path.write_text("a = 2\n")
    assert sources.fingerprint([path]) != first
