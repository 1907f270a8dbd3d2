"""What is played, in beats, and the clock that turns beats into seconds."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from tools.render.notes import Hit, Tone

__all__ = ["Clock", "Score", "steady_clock", "wandering_clock"]


@dataclass(frozen=True, kw_only=True)
class Score:
    """A piece in beats; beat 0 is the first downbeat."""

    beats: int
    beats_per_bar: int
    hits: list[Hit] = field(default_factory=list)
    notes: list[Tone] = field(default_factory=list)


@dataclass(frozen=True)
class Clock:
    """When each beat falls, in seconds; strictly increasing, one more than is played."""

    times: npt.NDArray[np.float64]

    def at(self, beat: float) -> float:
        """Return the second of a beat or a fraction of one."""
        whole = min(max(int(np.floor(beat)), 0), len(self.times) - 2)
        period = self.times[whole + 1] - self.times[whole]
        return float(self.times[whole] + (beat - whole) * period)

    @property
    def bpm(self) -> float:
        """Tempo by the median beat."""
        return 60.0 / float(np.median(np.diff(self.times)))


def steady_clock(bpm: float, beats: int, *, start_sec: float) -> Clock:
    """Return a clock that never wavers."""
    return Clock(np.asarray(start_sec + np.arange(beats + 1) * 60.0 / bpm, np.float64))


def wandering_clock(
    bpm: float, beats: int, *, start_sec: float, random: np.random.Generator
) -> Clock:
    """Return a clock like that of a band without a click.

    The tempo follows an Ornstein–Uhlenbeck walk of about 1.5 % around a slow trend of up to 3 %,
    and each beat is off by about 4 ms.
    """
    walk = np.zeros(beats)
    for index in range(1, beats):
        walk[index] = 0.94 * walk[index - 1] + 0.005 * random.standard_normal()
    trend = random.uniform(-0.03, 0.03) * np.linspace(-0.5, 0.5, beats)
    periods = 60.0 / bpm * np.exp(walk + trend)
    times = start_sec + np.concatenate([[0.0], np.cumsum(periods)])
    jitter = np.clip(0.004 * random.standard_normal(beats + 1), -0.01, 0.01)
    return Clock(np.maximum(times + jitter, 0.0, dtype=np.float64))
