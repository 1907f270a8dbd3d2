"""The mix of the demo."""

import numpy as np

from offbeat.cli.mix import RATE_HZ, make_mix


def test_the_mix_is_the_same_every_time() -> None:
    """A seed fixes every sample."""
    assert np.array_equal(make_mix(1).samples, make_mix(1).samples)


def test_the_mix_begins_and_ends_in_silence() -> None:
    """There is something to trim."""
    samples = make_mix().samples
    assert not samples[: RATE_HZ // 2].any()
    assert not samples[-RATE_HZ // 2 :].any()


def test_the_tracks_sound_different() -> None:
    """Their levels differ, and none of them is silent or clipped."""
    mix = make_mix()
    levels = []
    for start, _ in mix.cues:
        inside = mix.samples[int((start + 4) * RATE_HZ) : int((start + 10) * RATE_HZ)]
        levels.append(float(np.sqrt(np.mean(inside**2))))
    assert min(levels) > 0.02
    assert len({round(level, 2) for level in levels}) == len(levels)
    assert np.abs(mix.samples).max() < 1.0
