"""The K-weighting filter of ITU-R BS.1770-4, for any sample rate, as blocked matrix products.

The standard gives coefficients for 48 kHz only. Here both stages are derived from the analogue
prototypes behind them by the bilinear transform (Q and gain are those which reproduce the published
coefficients), and the gain far above the high-pass is held at what it is at 48 kHz.

The recursion is exact, not truncated: within 64 samples the answer to the samples is a triangular
Toeplitz product, the answer to what came before is linear in the four state variables, and the
states themselves are carried from 64 samples to the next 64 in float64. Each quarter of the 64 is a
product of its own that looks at no sample after it: most of the triangle's zeros are left out.
"""

import math
from dataclasses import dataclass

import numpy as np

from analyzer.arrays import Float32, Float64

__all__ = ["Biquad", "KWeighting", "k_weighting_stages"]

_SHELF_HZ, _SHELF_GAIN_DB, _SHELF_Q = 1681.974450955533, 3.999843853973347, 0.7071752369554196
_SHELF_MID_EXPONENT = 0.4996667741545416
_HIGH_PASS_HZ, _HIGH_PASS_Q = 38.13547087602444, 0.5003270373238773
_REFERENCE_RATE_HZ = 48_000
_SPAN = 64
_STATES = 4
_QUARTER = _SPAN // 4
_NEGLIGIBLE = 1e-25
"""States below this (−500 dB) are set to zero, before denormal numbers make silence slow."""


@dataclass(frozen=True)
class Biquad:
    """A second-order section, b over a, with a0 = 1."""

    b: tuple[float, float, float]
    a: tuple[float, float]

    def gain(self, hz: float, rate: int) -> float:
        """Return the magnitude response at a frequency."""
        z = np.exp(-2j * math.pi * hz / rate)
        above = self.b[0] + self.b[1] * z + self.b[2] * z * z
        return float(abs(above / (1 + self.a[0] * z + self.a[1] * z * z)))


def k_weighting_stages(rate: int) -> tuple[Biquad, Biquad]:
    """Return high shelf and high-pass for a rate in Hz; at 48 kHz they equal the standard's."""
    k = math.tan(math.pi * _SHELF_HZ / rate)
    high = 10 ** (_SHELF_GAIN_DB / 20)
    mid = high**_SHELF_MID_EXPONENT
    a0 = 1 + k / _SHELF_Q + k * k
    shelf = Biquad(
        (
            (high + mid * k / _SHELF_Q + k * k) / a0,
            2 * (k * k - high) / a0,
            (high - mid * k / _SHELF_Q + k * k) / a0,
        ),
        (2 * (k * k - 1) / a0, (1 - k / _SHELF_Q + k * k) / a0),
    )
    # The table's numerator is 1, -2, 1 without division by a0: a gain of 0.04 dB that is part of
    # the standard.
    reference = _high_pass_denominator(_REFERENCE_RATE_HZ)
    k = math.tan(math.pi * _HIGH_PASS_HZ / rate)
    a0 = _high_pass_denominator(rate)
    b0 = reference / a0
    high_pass = Biquad(
        (b0, -2 * b0, b0), (2 * (k * k - 1) / a0, (1 - k / _HIGH_PASS_Q + k * k) / a0)
    )
    return shelf, high_pass


def _high_pass_denominator(rate: int) -> float:
    k = math.tan(math.pi * _HIGH_PASS_HZ / rate)
    return 1 + k / _HIGH_PASS_Q + k * k


class KWeighting:
    """The filter with its memory, for chunks of one size in sample frames."""

    def __init__(self, rate: int, channels: int, chunk: int) -> None:
        transition, inlet, outlet, through = _state_space(rate)
        self._chunk = chunk
        spans = chunk // _SPAN + 1
        self._group = math.isqrt(spans - 1) + 1
        self._last, rest = divmod(chunk, _SPAN)
        powers = [np.eye(_STATES)]
        for _ in range(_SPAN):
            powers.append(transition @ powers[-1])
        # An IIR filter as matrix products (block state space; Barnes and Shinnaka, 1980): the
        # output of a span is what its samples cause (a Toeplitz matrix of the impulse response)
        # plus how the state before it rings on.
        answer = np.array([outlet @ power @ inlet for power in powers[: _SPAN - 1]])
        impulse = np.concatenate([[through], answer])
        lag = np.arange(_SPAN)[None, :] - np.arange(_SPAN)[:, None]
        toeplitz = np.where(lag >= 0, impulse[np.maximum(lag, 0)], 0.0)
        ringing = np.array([outlet @ power for power in powers[:_SPAN]]).T
        response = np.concatenate([ringing, toeplitz]).astype(np.float32)
        ends = range(_QUARTER, _SPAN + 1, _QUARTER)
        self._responses = [response[: _STATES + end, end - _QUARTER : end].copy() for end in ends]
        gather = np.array([p @ inlet for p in powers[_SPAN - 1 :: -1]])
        self._gather = np.concatenate([np.zeros((_STATES, _STATES)), gather]).astype(np.float32)
        # The state before every span is a prefix sum (Blelloch, 1990) in two levels: within groups
        # of √n spans, then across the groups.
        self._within = _scan(powers[_SPAN], self._group)
        self._across = _scan(np.linalg.matrix_power(powers[_SPAN], self._group), self._group)
        group_powers = [np.linalg.matrix_power(powers[_SPAN], k) for k in range(self._group)]
        self._spread = np.concatenate([power.T for power in group_powers], axis=1)
        self._rest_power = powers[rest].T
        self._rest_gather = np.zeros((rest, _STATES))
        for position in range(rest):
            self._rest_gather[position] = powers[rest - 1 - position] @ inlet
        padded = self._group * self._group
        # Each row: the states before a span, and its samples.
        self._input = np.zeros((channels, padded, _STATES + _SPAN), np.float32)
        self._output = np.empty((channels, padded, _SPAN), np.float32)
        self._state = np.zeros((channels, _STATES))

    def filter(self, samples: Float32) -> Float32:
        """Return one chunk of shape (channels, chunk), filtered; valid until the next call."""
        channels, group, last = len(samples), self._group, self._last
        self._input[:, :last, _STATES:] = samples[:, : last * _SPAN].reshape(channels, last, _SPAN)
        rest = samples[:, last * _SPAN :]
        self._input[:, last, _STATES : _STATES + rest.shape[1]] = rest
        rows = self._input.reshape(-1, _STATES + _SPAN)
        # What each span adds to the state, then the states before all spans, then the output.
        gathered = (rows @ self._gather).astype(np.float64)
        local = gathered.reshape(channels, group, group * _STATES) @ self._within
        totals = np.concatenate([self._state[:, None], local[:, :-1, -_STATES:]], axis=1)
        starts = totals.reshape(channels, -1) @ self._across
        states = starts.reshape(channels, group, _STATES) @ self._spread
        states[:, :, _STATES:] += local[:, :, :-_STATES]
        states = states.reshape(channels, -1, _STATES)
        states[np.abs(states) < _NEGLIGIBLE] = 0.0
        self._input[:, :, :_STATES] = states
        self._state = states[:, last] @ self._rest_power + rest @ self._rest_gather
        output = self._output.reshape(-1, _SPAN)
        for response in self._responses:
            length, width = response.shape
            end = length - _STATES
            np.matmul(rows[:, :length], response, out=output[:, end - width : end])
        return self._output.reshape(channels, -1)[:, : self._chunk]


def _state_space(rate: int) -> tuple[Float64, Float64, Float64, float]:
    """Return transition, inlet, outlet and through of both stages, transposed direct form II."""
    shelf, high_pass = k_weighting_stages(rate)
    blocks = []
    for section in (high_pass, shelf):
        (b0, b1, b2), (a1, a2) = section.b, section.a
        transition = np.array([[-a1, 1.0], [-a2, 0.0]])
        blocks.append((transition, np.array([b1 - a1 * b0, b2 - a2 * b0]), b0))
    (first, first_inlet, first_through), (second, second_inlet, second_through) = blocks
    transition = np.zeros((_STATES, _STATES))
    transition[:2, :2], transition[2:, 2:] = first, second
    transition[2:, 0] = second_inlet
    inlet = np.concatenate([first_inlet, second_inlet * first_through])
    outlet = np.array([second_through, 0.0, 1.0, 0.0])
    return transition, inlet, outlet, first_through * second_through


def _scan(transition: Float64, count: int) -> Float64:
    """Build S so that row·S holds s₁ … s_count of sₖ₊₁ = transition·sₖ + inputₖ with s₀ = 0.

    The row holds the inputs side by side, as the product holds the states.
    """
    powers = [np.eye(_STATES)]
    for _ in range(count - 1):
        powers.append(transition @ powers[-1])
    scan = np.zeros((count, _STATES, count, _STATES))
    for source in range(count):
        for target in range(source, count):
            scan[source, :, target] = powers[target - source].T
    return scan.reshape(count * _STATES, count * _STATES)
