"""Turn blocks of samples into features, a chunk at a time; the samples themselves are forgotten."""

from dataclasses import dataclass

import numpy as np

from analyzer.arrays import Float32, Mask
from analyzer.errors import CorruptAudio
from analyzer.features.channels import channel_weights
from analyzer.features.clipping import ClippingMeter, ClippingRuns
from analyzer.features.downmix import Downmix
from analyzer.features.grid import HOPS_PER_STEP, Grid
from analyzer.features.harmony import Harmony, HarmonyMeter
from analyzer.features.kweighting import KWeighting
from analyzer.features.onsets import OnsetMeter, Onsets
from analyzer.features.peaks import PeakMeter, Peaks
from analyzer.features.spectrum import Spectrum, SpectrumMeter
from analyzer.features.voice import Voice, VoiceMeter
from analyzer.features.waveform import Quantiser, Waveform, WaveformMeter
from analyzer.samples import Samples

__all__ = ["Extractor", "Features"]

_MOST_ENERGY = np.float32(1e20)
"""Squares of 5 ms that may still be sound: a sample of 10^10, 200 dB above full scale.

Integers of 32 bits that were written as float without scaling stay below it. Above it, powers of
spectra leave the range of float32.
"""


@dataclass(frozen=True, kw_only=True)
class Features:
    """What is known of a file of which no sample is left.

    Attributes:
        grid: Where in time a row stands.
        frames: Decoded sample frames.
        energy: K-weighted energy of 10-ms hops, summed over the channels by their weights, shape
            (steps, hops): whole steps only, and the mean over a step is its mean square.
        peaks: Sample peak and true peak of each step; a last one may be cut short.
        clipping_runs: Where samples lie flat at the ceiling.
        spectrum: Powers of each whole step.
        loud: Whether each 5-ms frame is above the silence threshold, shape (silence frames,): the
            last may be cut short.
        onsets: Onset strengths, every 10 ms.
        harmony: Pitches, five times a second.
        leakage: How much power of each chunk has crossed the edges of narrow bands, and how much is
            near them, shape (chunks, edges, 2).
        voice: What tells voices from instruments, of each whole step.
        waveform: The pixels of its waveform, where they were asked for.

    """

    grid: Grid
    frames: int
    energy: Float32
    peaks: Peaks
    clipping_runs: ClippingRuns
    spectrum: Spectrum
    loud: Mask
    onsets: Onsets
    harmony: Harmony
    leakage: Float32
    voice: Voice
    waveform: Waveform | None = None

    @property
    def duration_sec(self) -> float:
        """Decoded frames by sample rate."""
        return self.frames / self.grid.rate

    @property
    def channels(self) -> int:
        """How many channels were decoded."""
        return int(self.spectrum.offset.shape[1])


class Extractor:
    """Collects the features of one file: a consumer of its sample stream.

    A 5-ms frame is loud when a sine of its mean square, in the loudest channel, would peak above
    the threshold: that is how AES17 defines dBFS.
    """

    def __init__(
        self,
        rate: int,
        channels: int,
        *,
        silence_top_db: float,
        waveform: Quantiser | None = None,
    ) -> None:
        self.grid = Grid(rate)
        self.frames = 0
        self._weights = channel_weights(channels) * HOPS_PER_STEP / self.grid.step
        self._silence = np.float32(0.5 * 10 ** (-silence_top_db / 10))
        self._silences = self._silence * np.diff(self.grid.frame_edges).astype(np.float32)
        self._weighting = KWeighting(rate, channels, self.grid.chunk)
        self._peaks = PeakMeter(self.grid, channels)
        self._downmix = Downmix(self.grid, channels)
        self._onsets = OnsetMeter(self.grid, self._downmix)
        self._harmony = HarmonyMeter(self._downmix.rate, self._downmix.chunk)
        self._spectrum = SpectrumMeter(self.grid, channels)
        self._clipping = ClippingMeter(self.grid, channels)
        self._waveform = waveform and WaveformMeter(self._downmix, rate, waveform)
        self._voice = VoiceMeter(self.grid, channels)
        self._planes = np.empty((channels, self.grid.chunk), np.float32)
        self._squares = np.empty_like(self._planes)
        self._waiting: Samples = np.empty((self.grid.chunk, channels), np.float32)
        self._waiting_frames = 0
        # Plain bytes grow in place: a list of small arrays takes four times the memory.
        self._energy, self._loud = bytearray(), bytearray()

    @property
    def block_frames(self) -> int:
        """Sample frames of a block that need not be copied: about ten seconds."""
        return self.grid.block

    def add(self, samples: Samples) -> None:
        """Take in the next samples, of shape (frames, channels), in blocks of any size.

        Raises:
            CorruptAudio: They hold NaN, infinity or values beyond all sense.

        """
        position = 0
        while position < len(samples):
            if self._waiting_frames == 0 and len(samples) - position >= self.grid.chunk:
                self._measure(samples[position : position + self.grid.chunk])
                position += self.grid.chunk
                continue
            part = samples[position : position + self.grid.chunk - self._waiting_frames]
            self._waiting[self._waiting_frames : self._waiting_frames + len(part)] = part
            self._waiting_frames += len(part)
            position += len(part)
            if self._waiting_frames == self.grid.chunk:
                self._waiting_frames = 0
                self._measure(self._waiting)

    def finish(self) -> Features:
        """Take in what is left, and return the features of all."""
        if self._waiting_frames:
            length, self._waiting_frames = self._waiting_frames, 0
            self._measure(self._waiting[:length])
        return Features(
            grid=self.grid,
            frames=self.frames,
            energy=np.frombuffer(self._energy, np.float32).reshape(-1, HOPS_PER_STEP),
            peaks=self._peaks.finish(),
            clipping_runs=self._clipping.finish(),
            spectrum=self._spectrum.finish(),
            loud=np.frombuffer(self._loud, np.bool_),
            onsets=self._onsets.finish(),
            harmony=self._harmony.finish(),
            leakage=self._harmony.leakage(),
            waveform=self._waveform.finish() if self._waveform else None,
            voice=self._voice.finish(),
        )

    def _measure(self, samples: Samples) -> None:
        """Measure one chunk; the last of a file may be shorter and is followed by zeros."""
        length = len(samples)
        steps = length // self.grid.step
        planes = self._planes
        planes[:, :length] = samples.T
        planes[:, length:] = 0.0
        self._loud += self._loud_frames(length).tobytes()
        self._clipping.add(planes, self._peaks.add(planes, length))
        low_rate = self._downmix.add(planes)
        log_mel = self._onsets.add(low_rate)
        self._harmony.add(low_rate, -(-length // self._downmix.factor))
        if self._waveform:
            self._waveform.add(planes, low_rate, length)
        self._energy += self._hop_energy()[: steps * HOPS_PER_STEP].tobytes()
        self._voice.add(self._spectrum.add(planes, length), log_mel, length)
        self.frames += length

    def _hop_energy(self) -> Float32:
        weighted = self._weighting.filter(self._planes)
        np.multiply(weighted, weighted, out=self._squares)
        sums = np.add.reduceat(self._squares, self.grid.hop_edges[:-1], axis=1)
        return np.asarray(self._weights @ sums, np.float32)

    def _loud_frames(self, length: int) -> Mask:
        edges = self.grid.frame_edges
        with np.errstate(over="ignore", invalid="ignore"):
            np.multiply(self._planes, self._planes, out=self._squares)
            sums = np.add.reduceat(self._squares, edges[:-1], axis=1)
            sane = bool((sums <= _MOST_ENERGY).all())  # false for NaN as well
        if not sane:
            self._refuse()
        loudest = sums.max(axis=0)
        if length == self.grid.chunk:
            return np.asarray(loudest > self._silences)
        started = edges[:-1] < length
        frames = (np.minimum(edges[1:], length) - edges[:-1])[started]
        return np.asarray(loudest[started] > self._silence * frames)

    def _refuse(self) -> None:
        finite = np.isfinite(self._planes).all(axis=0)
        what = "values beyond all sense" if finite.all() else "NaN or infinite values"
        with np.errstate(invalid="ignore"):
            loudest = np.abs(self._planes).max(axis=0)
        first = int(np.argmax(loudest) if finite.all() else np.argmin(finite))
        at_sec = (self.frames + first) / self.grid.rate
        raise CorruptAudio(f"holds {what} instead of samples at {at_sec:.3f} s: export it again")
