"""Separates a file while it is analysed, and writes each stem: a consumer of its sample stream."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import numpy as np

from analyzer.cores import available_cpus
from analyzer.errors import OutputRefused
from analyzer.options import Options
from analyzer.output.folder import OutputFolder, OutputPlace
from analyzer.results.stems import StemsOutcome
from analyzer.samples import Samples
from analyzer.stems.networks import open_networks
from analyzer.stems.resampling import Backward, Forward, stem_channels
from analyzer.stems.separator import CHANNELS, Separator
from analyzer.stems.store import StemsUnavailable, find_networks
from analyzer.stems.writer import FINE_BITS, StemWriter
from analyzer.stream import StreamFacts

__all__ = ["StemSeparation", "begin_separation"]

_NO_PLACE = "there is no place for them: set OFFBEAT_OUTPUT_MOUNT_PATH"
_PACKED = 0.7
"""Share of its samples' bytes that a FLAC file of music seldom exceeds."""


@dataclass
class _Stem:
    writer: StemWriter
    backward: Backward
    written: int = 0


class StemSeparation:
    """Takes a file's samples, and leaves one FLAC file a stem, aligned with it to the sample.

    Beside two networks and their arena, about 400 MB, it holds a block of 12 s. What it has written
    is removed if the `with` block is left by an error: no half of a stem stays.
    """

    def __init__(self, facts: StreamFacts, separator: Separator, folder: OutputFolder) -> None:
        self.outcome = StemsOutcome()
        self._facts = facts
        self._forward = Forward(facts.rate, facts.channels)
        self._separator = separator
        self._folder = folder
        self._stems: dict[str, _Stem] = {}
        self._taken = 0
        self._exit = ExitStack()

    def __enter__(self) -> Self:
        try:
            self._exit.enter_context(self._folder)
            _check_space(self._folder, self._facts, len(self._separator.stems))
            for name in self._separator.stems:
                self._stems[name] = _Stem(
                    StemWriter(
                        self._folder.begin(f"{name}.flac"),
                        self._facts.rate,
                        stem_channels(self._facts.channels),
                        self._facts.bit_depth,
                    ),
                    Backward(self._facts.rate, self._facts.channels),
                )
        except OutputRefused as error:
            self._give_up(error)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._discard()
        self._exit.__exit__(kind, error, traceback)

    @property
    def block_frames(self) -> int:
        """Any number suits."""
        return self._facts.rate

    def add(self, samples: Samples) -> None:
        """Separate, and write what is ready; a full disk must not cost the analysis."""
        self._taken += len(samples)
        self._trying(lambda: self._separate(samples))

    def finish(self) -> None:
        """Write what is left, and give the files their names."""
        self._trying(self._end)

    def _trying(self, step: Callable[[], None]) -> None:
        if not self._stems:
            return
        try:
            step()
        except OSError as error:
            self._give_up(self._folder.refused(error))
        except OutputRefused as error:
            self._give_up(error)

    def _separate(self, samples: Samples, *, last: bool = False) -> None:
        for ready in self._separator.add(self._forward.convert(samples, last=last)):
            self._write(ready)

    def _end(self) -> None:
        self._separate(np.zeros((0, self._facts.channels), np.float32), last=True)
        for ready in self._separator.finish():
            self._write(ready)
        nothing = np.zeros((0, CHANNELS), np.float32)
        self._write(dict.fromkeys(self._stems, nothing), last=True)
        clipped = sum(stem.writer.clipped for stem in self._stems.values())
        self.outcome.paths = {name: stem.writer.finish() for name, stem in self._stems.items()}
        self._stems = {}
        if clipped:
            self.outcome.warnings.append(
                f"{clipped:,} samples of the stems are beyond full scale, and are clipped"
            )

    def _write(self, ready: Mapping[str, Samples], *, last: bool = False) -> None:
        for name, samples in ready.items():
            stem = self._stems[name]
            sound = stem.backward.convert(samples, last=last)[: self._taken - stem.written]
            if last and stem.written + len(sound) < self._taken:  # rates that do not divide
                missing = self._taken - stem.written - len(sound)
                sound = np.concatenate([sound, np.zeros((missing, sound.shape[1]), np.float32)])
            stem.writer.write(sound)
            stem.written += len(sound)

    def _give_up(self, error: OutputRefused) -> None:
        self._discard()
        self.outcome.paths, self.outcome.missing = None, str(error)

    def _discard(self) -> None:
        for stem in self._stems.values():
            stem.writer.discard()
        self._stems = {}


def _check_space(folder: OutputFolder, facts: StreamFacts, stems: int) -> None:
    """Check that there is room for what is going to be written.

    Raises:
        OutputRefused: There is not.

    """
    width = 2 if facts.bit_depth is None or facts.bit_depth <= FINE_BITS else 3
    frames = facts.expected_frames or 0
    needed = int(frames * stem_channels(facts.channels) * width * stems * _PACKED)
    free = folder.free_bytes()
    if free < needed:
        raise OutputRefused(
            f"the output mount has {free / 1e6:,.0f} MB left, and stems need {needed / 1e6:,.0f} MB"
        )


def begin_separation(
    facts: StreamFacts, options: Options, place: OutputPlace | None
) -> StemSeparation | StemsOutcome:
    """Return what separates a file, or why its stems cannot be had."""
    if place is None:
        return StemsOutcome(missing=_NO_PLACE)
    try:
        model, paths = find_networks(options.stems_model, options.stems_models_path)
        networks = open_networks(paths, threads=available_cpus())
    except StemsUnavailable as error:
        return StemsOutcome(missing=f"unavailable: {error}")
    except ImportError:
        return StemsOutcome(missing="unavailable: install them with pip install 'offbeat[stems]'")
    separator = Separator(model, networks)
    return StemSeparation(facts, separator, OutputFolder(place))
