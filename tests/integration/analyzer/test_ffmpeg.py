"""The ffmpeg child: what it decodes, what it must not follow, and how it dies."""

import signal
import time
from pathlib import Path

import numpy as np
import pytest

from analyzer.errors import CorruptAudio, UnsupportedFormat
from analyzer.pipeline import analyse
from offbeat.failure import ExitCode, FailureReason
from tests.integration.analyzer.conftest import Pod
from tests.support.audio import demo_music, encode, ffmpeg, tone, write

ENCODINGS: dict[str, tuple[list[str], str, str, int | None]] = {
    "a.m4a": (["-c:a", "aac", "-b:a", "256k"], "m4a", "aac", None),
    "alac.m4a": (["-c:a", "alac", "-sample_fmt", "s16p"], "m4a", "alac", 16),
    "alac24.m4a": (["-c:a", "alac", "-sample_fmt", "s32p"], "m4a", "alac", 24),
    "fast.mp4": (["-c:a", "aac", "-b:a", "256k", "-movflags", "+faststart"], "m4a", "aac", None),
    "a.aac": (["-c:a", "aac", "-b:a", "256k"], "aac", "aac", None),
    "a.webm": (["-c:a", "libopus", "-b:a", "256k"], "matroska", "opus", None),
    "a.mka": (["-c:a", "flac"], "matroska", "flac", 16),
    "a.wma": (["-c:a", "wmav2", "-b:a", "192k"], "asf", "wmav2", None),
    "a.wv": (["-c:a", "wavpack"], "wavpack", "wavpack", 16),
    "a.caf": ([], "caf", "pcm_s16", 16),
    "a.au": ([], "au", "pcm_s16", 16),
    "a.w64": ([], "w64", "pcm_s16", 16),
    "flac.oga": (["-c:a", "flac"], "ogg", "flac", 16),
    "bare.mp3": (["-c:a", "libmp3lame", "-b:a", "320k", "-write_xing", "0"], "mp3", "mp3", None),
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Write ten seconds of two tones, which no codec of music changes much."""
    sound = tone(440, 10, rate=48_000, dbfs=-14) + tone(5_000, 10, rate=48_000, dbfs=[-24, -34])
    return write(tmp_path / "source.wav", sound, rate=48_000)


@pytest.mark.parametrize("name", ENCODINGS)
def test_it_decodes_what_libsndfile_does_not(source: Path, tmp_path: Path, name: str) -> None:
    """The same sound gives the same figures, at its own rate."""
    options, container, codec, bit_depth = ENCODINGS[name]
    path = encode(source, tmp_path / name, *options).rename(tmp_path / "no-name-tells")
    truth = analyse(source).global_
    results = analyse(path)
    found = results.global_
    assert (found.container, found.codec, found.bit_depth) == (container, codec, bit_depth)
    assert (found.sample_rate_hz, found.channels) == (48_000, 2)
    assert found.duration_sec == pytest.approx(10, abs=0.08)
    assert found.loudness_lufs_total == pytest.approx(truth.loudness_lufs_total, abs=0.1)
    assert found.average_brightness == pytest.approx(truth.average_brightness, rel=0.03)
    assert results.warnings == []


def test_a_lossless_file_gives_exactly_what_its_source_gives(source: Path, tmp_path: Path) -> None:
    """Two decoders, one result."""
    truth = analyse(source).global_
    found = analyse(encode(source, tmp_path / "a.m4a", "-c:a", "alac")).global_
    for name in ("frames", "loudness_lufs_total", "average_brightness", "trimmed_end_sec"):
        assert getattr(found, name) == getattr(truth, name)


def test_no_figure_depends_on_the_block_size(source: Path, tmp_path: Path) -> None:
    """Through a pipe as well."""
    path = encode(source, tmp_path / "a.m4a", "-c:a", "aac")
    found = {analyse(path, block_frames=frames).model_dump_json() for frames in (None, 999, 48_000)}
    assert len(found) == 1


def test_channels_of_surround_sound_keep_their_places(tmp_path: Path) -> None:
    """Sound in the LFE channel of a 5.1 AAC file does not count."""
    sound = tone(60, 2, rate=48_000, dbfs=[-300, -300, -300, -6, -300, -300])
    source = write(tmp_path / "source.wav", sound, rate=48_000)
    found = analyse(encode(source, tmp_path / "a.m4a", "-c:a", "aac")).global_
    assert found.channels == 6
    assert found.loudness_lufs_total is None or found.loudness_lufs_total < -50


def test_a_cover_picture_does_no_harm(source: Path, tmp_path: Path) -> None:
    """It is not decoded, and not complained about."""
    picture = tmp_path / "cover.png"
    encode(source, picture, "-filter_complex", "showwavespic=s=64x64", "-frames:v", "1")
    covered = encode(
        source, tmp_path / "a.m4a", "-i", str(picture), "-map", "0", "-map", "1", "-c:a", "aac",
        "-c:v", "png", "-disposition:v", "attached_pic",
    )  # fmt: skip
    results = analyse(covered)
    assert results.warnings == []
    assert results.global_.codec == "aac"


def test_a_file_without_sound_is_unsupported(source: Path, tmp_path: Path) -> None:
    """A silent film."""
    film = encode(source, tmp_path / "a.mp4", "-filter_complex", "showwaves=s=64x64", "-an",
                  "-c:v", "mpeg4")  # fmt: skip
    with pytest.raises(UnsupportedFormat, match="holds no sound"):
        analyse(film)


def test_a_codec_off_the_list_is_unsupported(source: Path, tmp_path: Path) -> None:
    """With its name, though ffmpeg could decode it."""
    with pytest.raises(UnsupportedFormat, match="ac3"):
        analyse(encode(source, tmp_path / "a.mp4", "-c:a", "ac3"))


def test_a_broken_container_is_corrupt(source: Path, tmp_path: Path) -> None:
    """One that breaks off before its index, which stands at the end."""
    path = encode(source, tmp_path / "a.m4a", "-c:a", "aac")
    path.write_bytes(path.read_bytes()[:50_000])
    with pytest.raises(CorruptAudio, match="moov atom not found"):
        analyse(path)


def test_a_file_that_breaks_off_is_analysed_with_a_warning(source: Path, tmp_path: Path) -> None:
    """Where the index stands in front."""
    path = encode(source, tmp_path / "a.m4a", "-c:a", "aac", "-movflags", "+faststart")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    results = analyse(path)
    assert 3 < results.global_.duration_sec < 7
    (warning,) = results.warnings
    assert "breaks off" in warning


def test_joined_ogg_and_mp3_files_are_read_to_their_end(source: Path, tmp_path: Path) -> None:
    """Where libsndfile would stop after the first without a word."""
    first = encode(source, tmp_path / "1.ogg", "-c:a", "libvorbis", "-serial_offset", "1")
    second = encode(source, tmp_path / "2.ogg", "-c:a", "libvorbis", "-serial_offset", "9")
    (tmp_path / "joined.ogg").write_bytes(first.read_bytes() + second.read_bytes())
    assert analyse(tmp_path / "joined.ogg").global_.duration_sec == pytest.approx(20, abs=0.1)
    long = np.concatenate(list(demo_music(60)))
    single = write(tmp_path / "a.mp3", long, subtype="MPEG_LAYER_III")
    (tmp_path / "joined.mp3").write_bytes(single.read_bytes() * 3)
    assert analyse(tmp_path / "joined.mp3").global_.duration_sec == pytest.approx(180, abs=0.3)


LISTS = {
    "concat list": "ffconcat version 1.0\nfile '{}'\n",
    "HLS playlist": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{}\n#EXT-X-ENDLIST\n",
    "HLS behind ftyp": "\0\0\0\x20ftypM4A \0\0\0\0\n#EXTM3U\n#EXTINF:10,\n{}\n",
    "DASH manifest": "<?xml version='1.0'?><MPD><BaseURL>{}</BaseURL></MPD>\n",
    "SDP": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns={}\nm=audio 9 RTP/AVP 0\n",
}


@pytest.mark.parametrize("text", LISTS.values(), ids=LISTS)
def test_a_list_that_names_another_file_is_not_followed(pod: Pod, source: Path, text: str) -> None:
    """Though the other file is there and could be read."""
    (pod.mount / "list.m4a").write_text(text.format(source))
    ended = pod.run({"job_id": 1, "relative_path": "list.m4a"})
    assert ended.code in {ExitCode.UNSUPPORTED_FORMAT, ExitCode.CORRUPT_AUDIO}, ended.log
    assert pod.failed().reason in {FailureReason.UNSUPPORTED_FORMAT, FailureReason.CORRUPT_AUDIO}


def test_a_container_that_refers_to_another_file_is_not_followed(
    source: Path, tmp_path: Path
) -> None:
    """A QuickTime file may say that its sound is elsewhere; the reference leads nowhere here."""
    whole = encode(source, tmp_path / "a.mov", "-c:a", "pcm_s16le").read_bytes()
    marker = whole.index(b"dref")
    entry = whole.index(b"url ", marker)
    assert whole[entry + 4 : entry + 8] == b"\0\0\0\1"
    elsewhere = bytearray(whole)
    elsewhere[entry : entry + 8] = b"alis\0\0\0\0"
    (tmp_path / "refers.mov").write_bytes(elsewhere)
    try:
        duration = analyse(tmp_path / "refers.mov").global_.duration_sec
    except (CorruptAudio, UnsupportedFormat):
        return
    assert duration == pytest.approx(10, abs=0.1), "its own bytes, and no other file's"


def decoder_that(pod: Pod, does: str) -> None:
    """Put a program named ffmpeg in front of the real one."""
    folder = pod.folder / "bin"
    folder.mkdir()
    program = folder / "ffmpeg"
    program.write_text(f"#!/bin/sh\n{does}\n")
    program.chmod(0o755)
    pod.environment["PATH"] = f"{folder}:/usr/bin:/bin"


def gone(pid: int) -> bool:
    """Return whether a process has ended, or is a zombie that init has yet to collect."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def wait_for(path: Path, timeout_sec: float = 120) -> str:
    """Return a file's text as soon as there is some."""
    give_up = time.monotonic() + timeout_sec
    while time.monotonic() < give_up:
        if path.exists() and path.read_text().endswith("\n"):
            return path.read_text()
        time.sleep(0.02)
    raise AssertionError(f"{path.name} did not come")


def test_a_decoder_that_the_kernel_kills_is_out_of_memory(pod: Pod, source: Path) -> None:
    """Exit code 137, for the kubelet does not see a child die; nothing is settled."""
    encode(source, pod.mount / "a.m4a", "-c:a", "aac")
    decoder_that(pod, "kill -9 $$")
    ended = pod.run({"job_id": 1, "relative_path": "a.m4a"})
    assert ended.code == ExitCode.KILLED, ended.log
    assert '"out_of_memory"' in ended.last_words
    assert pod.results() == []


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_decoder_dies_with_its_parent(pod: Pod, source: Path, how: signal.Signals) -> None:
    """Even one that hangs, never writes, and would outlast every wait of this test."""
    encode(source, pod.mount / "a.m4a", "-c:a", "aac")
    decoder_that(pod, f"echo $$ > {pod.folder}/pid\nexec /bin/sleep 3600")
    process = pod.start({"job_id": 1, "relative_path": "a.m4a"})
    child = int(wait_for(pod.folder / "pid"))
    process.send_signal(how)
    assert pod.end(process).code == (143 if how is signal.SIGTERM else -9)
    give_up = time.monotonic() + 120
    while not gone(child):
        assert time.monotonic() < give_up
        time.sleep(0.02)
    assert pod.results() == []


def test_a_decoder_is_told_no_secret(pod: Pod, source: Path) -> None:
    """Its environment does not hold the URL of Redis, nor anything else."""
    encode(source, pod.mount / "a.m4a", "-c:a", "aac")
    decoder_that(pod, f"/usr/bin/env > {pod.folder}/env\nexit 1")
    pod.run({"job_id": 1, "relative_path": "a.m4a"})
    assert "OFFBEAT" not in wait_for(pod.folder / "env")


def test_a_decoder_sees_a_neutral_name(pod: Pod, source: Path) -> None:
    """And no argument that comes from the producer."""
    encode(source, pod.mount / "a.m4a", "-c:a", "aac").rename(pod.mount / "-evil%d.m3u8")
    decoder_that(pod, f'echo "$@" > {pod.folder}/arguments\nexit 1')
    pod.run({"job_id": 1, "relative_path": "-evil%d.m3u8"})
    arguments = wait_for(pod.folder / "arguments")
    assert "evil" not in arguments
    assert "-f mov -i file:/dev/fd/" in arguments


def test_there_is_an_ffmpeg() -> None:
    """On PATH, or in a wheel."""
    assert Path(ffmpeg()).exists()
