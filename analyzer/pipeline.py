"""One file → its results: decode once, in blocks, find what there is, and say it.

stream → features → findings → results. Nothing here knows Redis or Kubernetes: `offbeat analyze`
calls it in its own process, and the pod calls the same.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from analyzer.errors import AnalysisRefused, OutputRefused
from analyzer.features.extract import Extractor, Features
from analyzer.features.waveform import quantiser_of
from analyzer.findings.findings import find
from analyzer.findings.tracks import check_cues, clipped_ends
from analyzer.input.paths import open_path
from analyzer.input.reader import open_reader
from analyzer.memory import return_memory
from analyzer.options import Options
from analyzer.output.folder import OutputPlace
from analyzer.output.waveform import write_waveform
from analyzer.results.build import build_results
from analyzer.results.stems import NOT_ASKED_FOR, StemsOutcome
from analyzer.results.waveform import NO_MOUNT, WaveformOutcome
from analyzer.stream import Consumer, Progress, StreamFacts, feed
from offbeat.analysis import Results
from offbeat.job import CueTrack

__all__ = ["ConsumerFactory", "ProgressCallback", "analyse"]

ProgressCallback = Callable[[float, str], None]
"""Told the fraction that is done, 0–1, and the stage, after every block of about ten seconds."""

ConsumerFactory = Callable[[StreamFacts], Consumer]
"""Makes what listens to the samples of a file that has just been opened."""

_STAGE = "analyse"
_DEFAULTS = Options()


def _unreported(fraction: float, stage: str) -> None:
    """Tell nobody."""


def analyse(
    source: Path | BinaryIO,
    *,
    cues: Sequence[CueTrack] = (),
    options: Options = _DEFAULTS,
    output: OutputPlace | None = None,
    stems_output: OutputPlace | None = None,
    shown: str | None = None,
    report: ProgressCallback = _unreported,
    block_frames: int | None = None,
    listeners: Sequence[ConsumerFactory] = (),
) -> Results:
    """Analyse one file, and each of its cue tracks.

    Args:
        source: A path that is opened as it is, or an open regular file.
        cues: The tracks that the producer knows of; without any the whole file is one track.
        options: Limits and thresholds.
        output: Where files go that are too large for a result, such as the waveform. What cannot
            be written there is null in the results, and a warning says why.
        stems_output: Where stems go, if not there as well.
        shown: How the file is called in errors; the path where it is not given.
        report: Told how far the analysis is.
        block_frames: Sample frames to decode at a time, about ten seconds' by default. No figure
            depends on it.
        listeners: What else is to hear the samples, after the features are taken of each block.

    Raises:
        AnalysisRefused: The file or the cues are at fault; the text is a sentence for the producer.
        AnalyzerError: This process cannot do its work: no ffmpeg, or a decoder that was killed.

    """
    analysis = partial(
        _analyse,
        cues=cues,
        options=options,
        output=output,
        stems_output=stems_output or output,
        report=report,
        block_frames=block_frames,
        listeners=listeners,
    )
    try:
        if not isinstance(source, Path):
            return analysis(source)
        with open_path(source) as file:
            return analysis(file)
    except AnalysisRefused as error:
        error.path = shown or (str(source) if isinstance(source, Path) else None)
        raise


@dataclass(frozen=True)
class _Decoded:
    """What is left of a file when it is decoded: no reader and no sample."""

    facts: StreamFacts
    features: Features
    stems: StemsOutcome
    warnings: list[str]


def _analyse(
    file: BinaryIO,
    *,
    cues: Sequence[CueTrack],
    options: Options,
    output: OutputPlace | None,
    stems_output: OutputPlace | None,
    report: ProgressCallback,
    block_frames: int | None,
    listeners: Sequence[ConsumerFactory],
) -> Results:
    decoded = _decode(
        file,
        options,
        with_waveform=output is not None,
        stems_output=stems_output,
        progress=lambda fraction: report(fraction, _STAGE),
        block_frames=block_frames,
        listeners=listeners,
    )
    facts, features = decoded.facts, decoded.features
    stage_ended = partial(return_memory, features.duration_sec)
    stage_ended()
    check_cues(cues, features.duration_sec)
    warnings = [*decoded.warnings, *clipped_ends(cues, features.duration_sec)]
    waveform = _write(features, output)
    if output and waveform.missing:
        warnings.append(f"the waveform was not written: {waveform.missing}")
    found = find(
        features,
        cues,
        bit_depth=facts.bit_depth,
        allowed_bpm=options.allowed_bpm,
        stage_ended=stage_ended,
    )
    return build_results(
        facts,
        features,
        found,
        options=options,
        warnings=warnings,
        waveform=waveform,
        stems=decoded.stems,
    )


def _decode(
    file: BinaryIO,
    options: Options,
    *,
    with_waveform: bool,
    stems_output: OutputPlace | None,
    progress: Progress,
    block_frames: int | None,
    listeners: Sequence[ConsumerFactory],
) -> _Decoded:
    """Decode a file for everybody who listens; what they work with is freed when it returns."""
    with open_reader(file) as reader, ExitStack() as stack:
        facts = StreamFacts.of(reader)
        extractor = _extractor(facts, options, with_waveform=with_waveform)
        others = [listener(facts) for listener in listeners]
        stems = _begin_stems(stack, others, facts, options, stems_output)
        feed(
            reader,
            [extractor, *others],
            max_duration_sec=options.max_duration_sec,
            progress=progress,
            block_frames=block_frames,
        )
        features = extractor.finish()
        for other in others:
            other.finish()
        return _Decoded(facts, features, stems, [*reader.warnings, *stems.warnings])


def _begin_stems(
    stack: ExitStack,
    consumers: list[Consumer],
    facts: StreamFacts,
    options: Options,
    output: OutputPlace | None,
) -> StemsOutcome:
    """Have the stems separated if they are asked for; nothing of it is imported if they are not."""
    if not options.stems:
        return NOT_ASKED_FOR
    from analyzer.stems.separation import StemSeparation, begin_separation

    begun = begin_separation(facts, options, output)
    if not isinstance(begun, StemSeparation):
        return begun
    consumers.append(stack.enter_context(begun))
    return begun.outcome


def _extractor(facts: StreamFacts, options: Options, *, with_waveform: bool) -> Extractor:
    return Extractor(
        facts.rate,
        facts.channels,
        silence_top_db=options.silence_top_db,
        waveform=quantiser_of(facts.codec, facts.bit_depth) if with_waveform else None,
    )


def _write(features: Features, output: OutputPlace | None) -> WaveformOutcome:
    """Write the waveform, if there is a place for it; a full disk must not cost the analysis."""
    if output is None or features.waveform is None:
        return NO_MOUNT
    try:
        return WaveformOutcome(written=write_waveform(features.waveform, output))
    except OutputRefused as refused:
        return WaveformOutcome(missing=str(refused))
