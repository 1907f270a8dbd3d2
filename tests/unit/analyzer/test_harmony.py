"""The pitches of the sound: where they lie, and that noise has none."""

import numpy as np
import numpy.typing as npt
import pytest

from analyzer.features.harmony import BINS_PER_SEMITONE, LOWEST_PITCH, Harmony, HarmonyMeter
from analyzer.findings.key.notes import notes, semitones
from analyzer.findings.key.tuning import tuning_cents
from tests.support.chords import clatter, play_chords

RATE = 22_050


def heard(sound: npt.NDArray[np.float32], rate: int = RATE) -> Harmony:
    """Feed a sound in chunks of a second."""
    meter = HarmonyMeter(rate, rate)
    for start in range(0, len(sound), rate):
        chunk = sound[start : start + rate]
        meter.add(np.pad(chunk, (0, rate - len(chunk))), len(chunk))
    return meter.finish()


def sine(pitch: float, rate: int = RATE) -> npt.NDArray[np.float32]:
    """Return three seconds of a MIDI pitch."""
    hz = 440 * 2 ** ((pitch - 69) / 12)
    return (0.3 * np.sin(2 * np.pi * hz * np.arange(3 * rate) / rate)).astype(np.float32)


@pytest.mark.parametrize("pitch", [24, 40, 57, 69, 81, 95])
def test_a_sine_stands_at_its_pitch(pitch: int) -> None:
    """From C1 to the end of the range, and nothing else does."""
    row = heard(sine(pitch)).pitch_salience[7]
    assert row.argmax() == (pitch - LOWEST_PITCH) * BINS_PER_SEMITONE
    assert np.count_nonzero(row) <= 2


@pytest.mark.parametrize("rate", [8_000, 11_025, 24_000, 44_000])
def test_rates_do_not_move_pitches(rate: int) -> None:
    """Whatever the rate of the file, A is A."""
    row = heard(sine(57, rate), rate).pitch_salience[7]
    assert row.argmax() == (57 - LOWEST_PITCH) * BINS_PER_SEMITONE


def test_there_are_five_frames_a_second_up_to_the_end() -> None:
    """A last chunk that is cut short has as many as begin in it."""
    assert len(heard(sine(60)[: 2 * RATE + RATE // 2]).pitch_salience) == 13


def test_silence_and_noise_have_no_pitches() -> None:
    """However loud the noise is."""
    assert not heard(np.zeros(3 * RATE, np.float32)).pitch_salience.any()
    assert heard(clatter(6)).pitch_salience.mean() < 3


@pytest.mark.parametrize("cents", [-40.0, -17.0, 0.0, 8.0, 40.0])
def test_tuning_is_found(cents: float) -> None:
    """Within 5 cents, of chords with partials."""
    found = tuning_cents(heard(play_chords([(0, 4, 7), (5, 9, 12)], 3, cents=cents)).tuning)
    assert found == pytest.approx(cents, abs=5)


def test_partials_are_no_notes() -> None:
    """A C of five partials is explained by Cs: no G and no E."""
    sound = sum((sine(36 + 12 * np.log2(k)) / k for k in range(1, 6)), start=np.float32(0))
    found = notes(semitones(heard(np.asarray(sound, np.float32)).pitch_salience, 0.0))[7]
    assert found.argmax() == 36 - LOWEST_PITCH
    classes = found.reshape(-1, 12).sum(axis=0)
    assert classes[0] > 10 * classes[1:].max()
