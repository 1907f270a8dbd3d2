"""Every row of the table of containers: it is recognised, decodes, and has its length checked."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from analyzer.input.ffmpeg import FfmpegReader
from analyzer.input.formats import FORMATS, Format
from analyzer.input.paths import open_path
from analyzer.input.sniff import sniff
from analyzer.input.soundfile import SoundFileReader
from analyzer.input.source import SourceFile
from tests.hostile.seeds import BY_FFMPEG, RATE_HZ, Seeds, sound
from tests.support.audio import ffmpeg
from tests.support.containers import id3v2, ogg_pages
from tests.unit.analyzer.input.conftest import FRAMES, PADDING, SECONDS, Decoded, levels

_DAMAGED = "the file is damaged or breaks off"
"""What is always said; which words of ffmpeg's follow depends on its version."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A healthy file of a container, and what is said of it once it is damaged.

    Attributes:
        seed: Its name among the seeds of the hostile corpus.
        codec: Its codec in the result.
        half: What the warning says where the second half is missing.
        junk: What the warning says where 90,000 bytes follow the sound; `None` if they may.
        decoder: What reads it.

    """

    seed: str
    codec: str
    half: str = _DAMAGED
    junk: str | None = None
    decoder: type[SoundFileReader | FfmpegReader] = FfmpegReader


def by_libsndfile(seed: str, codec: str, half: str, *, junk: str | None = None) -> Sample:
    """Return a sample that libsndfile reads."""
    return Sample(seed=seed, codec=codec, half=half, junk=junk, decoder=SoundFileReader)


SAMPLES = {
    "wav": by_libsndfile("wav", "pcm_s16", "bytes of sound are missing"),
    "rf64": by_libsndfile("rf64", "pcm_s16", "bytes of sound are missing"),
    "aiff": by_libsndfile("aiff", "pcm_s16", "bytes of sound are missing"),
    "flac": by_libsndfile("flac", "flac", _DAMAGED, junk="bytes follow the end"),
    "ogg": by_libsndfile("vorbis", "vorbis", "s of sound are missing", junk="90,000 bytes follow"),
    "m4a": Sample(seed="m4a-fast", codec="aac"),
    "matroska": Sample(seed="mka-flac", codec="flac"),
    "asf": Sample(seed="wma", codec="wmav2"),
    "wavpack": Sample(seed="wavpack", codec="wavpack"),
    "w64": Sample(seed="w64", codec="pcm_s16"),
    "caf": Sample(seed="caf", codec="pcm_s16"),
    "au": Sample(seed="au", codec="pcm_s16"),
    "aac": Sample(seed="adts", codec="aac"),
    "mp3": by_libsndfile("mp3", "mp3", "bytes of sound are missing"),
}
"""One for each row. A new container is a row there and a line here."""


def rows(chosen: Iterable[Format] = FORMATS) -> pytest.MarkDecorator:
    """Run a test for each of these rows."""
    found = list(chosen)
    return pytest.mark.parametrize("row", found, ids=[row.container for row in found])


def healthy(row: Format, seeds: Seeds) -> bytes:
    """Return the sample of a row; skip what needs an ffmpeg that is not here."""
    name = SAMPLES[row.container].seed
    if name in BY_FFMPEG:
        ffmpeg()
    return seeds[name]


def warned(found: Decoded, says: str | None) -> bool:
    """Return whether the one warning says this, or whether there is none."""
    if says is None:
        return not found.reader.warnings
    return len(found.reader.warnings) == 1 and says in found.reader.warnings[0]


def test_every_container_has_one_row_and_a_sample() -> None:
    """So that the tests below leave none out."""
    assert sorted(row.container for row in FORMATS) == sorted(SAMPLES)
    native = {name for name, sample in SAMPLES.items() if sample.decoder is SoundFileReader}
    assert {row.container for row in FORMATS if row.libsndfile} == native
    assert {row.container for row in FORMATS if row.misread} == MISREAD.keys()
    assert {row.container for row in FORMATS if row.is_estimated} == VARIABLE.keys()


@rows()
@pytest.mark.parametrize("tags", [0, 1, 3])
def test_it_is_recognised(row: Format, tags: int, seeds: Seeds, tmp_path: Path) -> None:
    """Also behind tags, and by no other row that has a magic."""
    (tmp_path / "x").write_bytes(id3v2(padding=300) * tags + healthy(row, seeds))
    with open_path(tmp_path / "x") as file:
        source = SourceFile.of(file)
    assert sniff(source) is row
    by_magic = [other for other in FORMATS if other.has_magic(source.head)]
    assert by_magic == ([row] if row.magic else [])


@rows()
def test_it_decodes(row: Format, seeds: Seeds, decoded: Callable[[bytes], Decoded]) -> None:
    """All of its sound, by the decoder that its row names, without a warning."""
    found = decoded(healthy(row, seeds))
    reader = found.reader
    assert isinstance(reader, SAMPLES[row.container].decoder)
    assert (reader.container, reader.codec) == (row.container, SAMPLES[row.container].codec)
    assert (reader.rate, reader.channels) == (RATE_HZ, 2)
    assert len(found.samples) == pytest.approx(FRAMES, abs=PADDING)
    assert levels(found.samples) == pytest.approx(levels(sound(SECONDS)), rel=0.05)
    assert reader.warnings == []


@rows(row for row in FORMATS if row.libsndfile)
def test_ffmpeg_reads_it_as_well(row: Format, seeds: Seeds, tmp_path: Path) -> None:
    """It gets what libsndfile refuses to open, and so has to know every container."""
    ffmpeg()
    (tmp_path / "x").write_bytes(healthy(row, seeds))
    with open_path(tmp_path / "x") as file:
        source = SourceFile.of(file)
        declared = row.declared_length(source)
        with FfmpegReader(source, row, declared=declared) as reader:
            samples = reader.read(2 * FRAMES)
    assert reader.container == row.container
    assert len(samples) == pytest.approx(FRAMES, abs=PADDING)
    assert reader.warnings == []


@rows()
def test_its_length_is_declared(
    row: Format, seeds: Seeds, decoded: Callable[[bytes], Decoded]
) -> None:
    """Within the delay of an encoder of what it decodes to."""
    found = decoded(healthy(row, seeds))
    assert found.reader.expected_frames == pytest.approx(len(found.samples), abs=PADDING)


@rows()
def test_half_a_file_is_told_from_a_whole_one(
    row: Format, seeds: Seeds, decoded: Callable[[bytes], Decoded]
) -> None:
    """Where anything counts what should be there."""
    data = healthy(row, seeds)
    found = decoded(data[: len(data) // 2])
    assert 0 < len(found.samples) < 0.6 * FRAMES
    assert warned(found, SAMPLES[row.container].half), found.reader.warnings


@rows(row for row in FORMATS if row.libsndfile)
def test_what_follows_the_sound_is_noticed(
    row: Format, seeds: Seeds, decoded: Callable[[bytes], Decoded]
) -> None:
    """Where nothing but tags may follow."""
    found = decoded(healthy(row, seeds) + bytes(90_000))
    assert warned(found, SAMPLES[row.container].junk), found.reader.warnings


def _unfinished_wav(seeds: Seeds) -> bytes:
    data = seeds["wav"]
    size = data.index(b"data") + 4
    return data[:size] + bytes(4) + data[size + 4 :]


def _chained_ogg(seeds: Seeds) -> bytes:
    pages = ogg_pages(seeds["vorbis"])
    return seeds["vorbis"] + b"".join(bytes(page.but(serial=2)) for page in pages)


MISREAD: dict[str, Callable[[Seeds], bytes]] = {
    "wav": _unfinished_wav,
    "ogg": _chained_ogg,
    "mp3": lambda seeds: seeds["mp3-bare"],
}
"""A file of each kind that libsndfile reads wrongly."""


@rows(row for row in FORMATS if row.misread)
def test_ffmpeg_gets_what_libsndfile_misreads(
    row: Format, seeds: Seeds, decoded: Callable[[bytes], Decoded]
) -> None:
    """Such as a chained Ogg stream."""
    ffmpeg()
    found = decoded(MISREAD[row.container](seeds))
    assert isinstance(found.reader, FfmpegReader)
    assert len(found.samples) >= FRAMES


VARIABLE = {
    "aac": ("-c:a", "aac", "-q:a", "1", "-f", "adts"),
    "mp3": ("-c:a", "libmp3lame", "-q:a", "4", "-write_xing", "0", "-f", "mp3"),
}
"""How ffmpeg writes those whose length it estimates later, at a bit rate that varies."""


@rows(row for row in FORMATS if row.is_estimated)
def test_an_estimate_too_long_is_no_damage(
    row: Format, seeds: Seeds, decoded: Callable[[bytes], Decoded]
) -> None:
    """Two seconds of silence make ffmpeg believe in a low bit rate."""
    ffmpeg()
    quiet_then_loud = np.concatenate([np.zeros((2 * RATE_HZ, 2)), sound(2.0)])
    source = seeds.write(quiet_then_loud)
    found = decoded(seeds.encode(*VARIABLE[row.container], source=source))
    expected = found.reader.expected_frames
    assert expected is not None
    assert expected > 2 * len(found.samples)
    assert found.reader.warnings == []
