"""Whether drums play, from how sharp, how broad and how frequent attacks are.

A network (`tools/train/rhythm.py`) sees windows of 4 s; it tells the beats that drums play from
those that are carried by other instruments, or through silence.
"""

import numpy as np

from analyzer.arrays import Float32, Float64
from analyzer.features.onsets import BANDS, Onsets
from analyzer.models.network import Network, load_network

__all__ = ["WINDOW", "WINDOW_HOP", "drum_probability", "window_inputs"]

WINDOW = 400
WINDOW_HOP = 200
_STRONGEST = (4, 16)
_BATCH = 128


def drum_probability(
    onsets: Onsets, times_sec: Float64, *, network: Network | None = None
) -> Float64:
    """Return how probable it is that drums play around each moment: shape (moments,)."""
    network = network or load_network("rhythm.json", "drums")
    inputs = window_inputs(onsets)
    log_odds = network(inputs)[:, 0].astype(np.float64)
    middle = (np.arange(len(inputs)) * WINDOW_HOP + WINDOW / 2) * onsets.interval_sec
    probability = 1 / (1 + np.exp(-np.clip(log_odds, -30, 30)))
    return np.interp(times_sec, onsets.start_sec + middle, probability)


def window_inputs(onsets: Onsets) -> Float32:
    """Return what the network sees of each window of 4 s, 2 s apart: shape (windows, inputs)."""
    strength = onsets.strength
    if len(strength) < WINDOW:
        strength = np.pad(strength, ((0, WINDOW - len(strength)), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(strength, WINDOW, axis=0)[::WINDOW_HOP]
    rows = np.empty((len(windows), (1 + len(_STRONGEST)) * BANDS), np.float32)
    for first in range(0, len(windows), _BATCH):
        # Numpy parts numbers of 16 bits eight times as fast as bytes.
        part = np.array(windows[first : first + _BATCH], np.int16, order="C")
        columns = [part.mean(axis=2, dtype=np.float32)]
        part.partition(WINDOW - max(_STRONGEST), axis=2)
        top = np.sort(part[:, :, -max(_STRONGEST) :], axis=2)
        columns += [top[:, :, -count:].mean(axis=2, dtype=np.float32) for count in _STRONGEST]
        rows[first : first + _BATCH] = np.concatenate(columns, axis=1)
    return np.log1p(rows)
