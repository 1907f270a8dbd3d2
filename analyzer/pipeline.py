"""One file → its results: decode once, in blocks, and measure what survives.

Nothing here knows Redis or Kubernetes: `offbeat analyze` calls it in its own process.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

from analyzer.errors import AnalysisRefused, CorruptAudio, LimitExceeded, OutputRefused
from analyzer.features.extract import Extractor, Features
from analyzer.features.waveform import quantiser_of
from analyzer.input.paths import open_path
from analyzer.input.reader import Reader, open_reader
from analyzer.memory import return_memory
from analyzer.options import Options
from analyzer.output.folder import OutputPlace
from analyzer.output.waveform import write_waveform
from analyzer.report.build import StreamFacts, build_results
from analyzer.report.waveform import NO_MOUNT, WaveformOutcome
from analyzer.tracks import clipped_ends, spans
from offbeat.analysis import Results
from offbeat.job import CueTrack

__all__ = ["Report", "analyse"]

Report = Callable[[float, str], None]
"""Told the fraction that is done, 0–1, and the stage, after every block of about ten seconds."""

_STAGE = "analyse"
_MOST_SAMPLES = 1 << 22
"""Samples of a block, over all channels: ten seconds of 384 kHz in eight would take 123 MB."""

_DEFAULTS = Options()


def _unreported(fraction: float, stage: str) -> None:
    """Tell nobody."""


def analyse(
    source: Path | BinaryIO,
    *,
    cues: Sequence[CueTrack] = (),
    options: Options = _DEFAULTS,
    output: OutputPlace | None = None,
    shown: str | None = None,
    report: Report = _unreported,
    block_frames: int | None = None,
) -> Results:
    """Analyse one file, and each of its cue tracks.

    Args:
        source: A path that is opened as it is, or an open regular file.
        cues: The tracks that the producer knows of; without any the whole file is one track.
        options: Limits and thresholds.
        output: Where files go that are too large for a result, such as the waveform. What cannot
            be written there is null in the results, and a warning says why.
        shown: How the file is called in errors; the path where it is not given.
        report: Told how far the analysis is.
        block_frames: Sample frames to decode at a time, about ten seconds' by default. No figure
            depends on it.

    Raises:
        AnalysisRefused: The file or the cues are at fault; the text is a sentence for the producer.
        AnalyzerError: This process cannot do its work: no ffmpeg, or a decoder that was killed.

    """
    try:
        if not isinstance(source, Path):
            return _analyse(
                source, cues, options, output=output, report=report, block_frames=block_frames
            )
        with open_path(source) as file:
            return _analyse(
                file, cues, options, output=output, report=report, block_frames=block_frames
            )
    except AnalysisRefused as error:
        error.path = shown or (str(source) if isinstance(source, Path) else None)
        raise


def _analyse(
    file: BinaryIO,
    cues: Sequence[CueTrack],
    options: Options,
    *,
    output: OutputPlace | None,
    report: Report,
    block_frames: int | None,
) -> Results:
    with open_reader(file) as reader:
        features = _extract(
            reader,
            options,
            with_waveform=output is not None,
            report=report,
            block_frames=block_frames,
        )
        facts = StreamFacts(
            container=reader.container,
            codec=reader.codec,
            bit_depth=reader.bit_depth,
            rate=reader.rate,
            channels=reader.channels,
        )
        warnings = [*reader.warnings, *clipped_ends(cues, features.duration_sec)]
    return_memory(features.duration_sec)
    tracks = spans(cues, features.duration_sec)
    waveform = _write(features, output)
    if output and waveform.missing:
        warnings.append(f"the waveform was not written: {waveform.missing}")
    return build_results(
        facts, features, tracks, options=options, warnings=warnings, waveform=waveform
    )


def _write(features: Features, output: OutputPlace | None) -> WaveformOutcome:
    """Write the waveform, if there is a place for it; a full disk must not cost the analysis."""
    if output is None or features.waveform is None:
        return NO_MOUNT
    try:
        return WaveformOutcome(written=write_waveform(features.waveform, output))
    except OutputRefused as refused:
        return WaveformOutcome(missing=str(refused))


def _extract(
    reader: Reader,
    options: Options,
    *,
    with_waveform: bool,
    report: Report,
    block_frames: int | None,
) -> Features:
    extractor = Extractor(
        reader.rate,
        reader.channels,
        silence_top_db=options.silence_top_db,
        waveform=quantiser_of(reader.codec, reader.bit_depth) if with_waveform else None,
    )
    frames = block_frames or min(extractor.grid.block, _MOST_SAMPLES // reader.channels)
    most = options.max_duration_sec * reader.rate
    decoded = 0
    while len(block := reader.read(frames)):
        decoded += len(block)
        if decoded > most:
            raise LimitExceeded(
                f"is longer than {options.max_duration_sec:,.10g} s, which is the limit: split it"
            )
        report(
            min(0.99, decoded / reader.expected_frames) if reader.expected_frames else 0.0, _STAGE
        )
        extractor.add(block)
    if not decoded:
        raise CorruptAudio("holds no sound: check that the upload was complete, or encode it again")
    return extractor.finish()
