"""What is read out of ffmpeg's messages, of several versions."""

import os

import pytest

from analyzer.input.ffmpeg_log import FfmpegLog, StreamInfo, parse_duration, parse_stream

STREAMS = {
    "Stream #0:0[0x1](und): Audio: aac (LC) (mp4a / 0x6134706D), 44100 Hz, fltp": ("aac", None),
    "Stream #0:0(und): Audio: alac (alac / 0x63616C61), 44100 Hz, stereo, s16p": ("alac", 16),
    "Stream #0:0: Audio: alac, 96000 Hz, stereo, s32p (24 bit)": ("alac", 24),
    "Stream #0:1(eng): Audio: opus, 48000 Hz, stereo, fltp (default)": ("opus", None),
    "Stream #0:0: Audio: pcm_s24be (in24 / 0x1), 48000 Hz, mono, s32 (24 bit)": ("pcm_s24", 24),
    "Stream #0:0: Audio: pcm_f32le, 44100 Hz, stereo, flt, 2822 kb/s": ("pcm_f32", 32),
    "Stream #0:0: Audio: wavpack, 44100 Hz, stereo, s16p": ("wavpack", 16),
}


@pytest.mark.parametrize("prefix", ["  ", "[info]   "])
@pytest.mark.parametrize("line", STREAMS)
def test_codec_and_bit_depth_are_read(line: str, prefix: str) -> None:
    """With and without the level that ffmpeg is told to write in front."""
    assert parse_stream(prefix + line) == StreamInfo(*STREAMS[line])


@pytest.mark.parametrize(
    "line",
    [
        "  Stream #0:0: Video: mjpeg, yuvj444p",
        "      title           : Stream #0:0: Audio: evil",
        "                      : Stream #0:0: Audio: evil",
        "",
    ],
)
def test_other_lines_are_no_stream(line: str) -> None:
    """Least of all a title that imitates one."""
    assert parse_stream(line) is None


def test_a_duration_is_read() -> None:
    """In seconds; `N/A` is none."""
    assert parse_duration("[info]   Duration: 01:02:03.45, start: 0.0") == pytest.approx(3723.45)
    assert parse_duration("  Duration: N/A, start: 0.0") is None


def log_of(text: str) -> FfmpegLog:
    """Read a whole log."""
    reading, writing = os.pipe()
    os.write(writing, text.encode())
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        log = FfmpegLog(pipe)
        log.join(5)
    return log


def test_errors_are_kept_and_shortened() -> None:
    """The list of codecs that are allowed is of no use to a producer."""
    log = log_of(
        "[mov @ 0x55d0] [error] Codec (ac3) not on whitelist 'aac,alac'\n"
        "[mov,mp4,m4a @ 0x55d0] [error] moov atom not found\n"
        "[warning] a warning\n"
        "[au @ 0x55d0] [error] Application provided invalid timestamps\n"
    )
    assert log.errors == ["Codec (ac3) not on whitelist", "moov atom not found"]
    assert log.damage() == "moov atom not found"


def test_a_packet_that_is_cut_short_is_damage() -> None:
    """Though ffmpeg only warns of it."""
    log = log_of("[caf @ 0x55d0] [warning] Packet corrupt (stream = 0, dts = 0).\n")
    assert log.damage() == "Packet corrupt (stream = 0, dts = 0)."


@pytest.mark.parametrize(
    ("line", "is_film"),
    [
        ("[info]   Stream #0:1[0x2](und): Video: h264 (High), yuv420p, 64x64, 25 fps", True),
        ("[info]   Stream #0:1: Video: mpeg4, yuv420p, 64x64, 25 fps, 25 tbr (default)", True),
        ("[info]   Stream #0:1[0x0]: Video: png, rgb24, 64x64, 90k tbr (attached pic)", False),
        ("[info]   Stream #0:0: Audio: aac (LC), 44100 Hz, stereo, fltp, 128 kb/s", False),
        ("[info]     title           : Stream #0:1: Video: mpeg4", False),
    ],
)
def test_a_film_is_told_from_a_cover(line: str, is_film: bool) -> None:
    """A film may last longer than its sound, which then promises nothing."""
    assert log_of(line + "\n").has_film is is_film


def test_many_errors_do_not_pile_up() -> None:
    """A damaged file may cause one for every frame."""
    assert len(log_of("[aac @ 0x1] [error] broken\n" * 1_000).errors) <= 20


@pytest.mark.parametrize(
    ("text", "unsupported", "said"),
    [
        ("[fatal] Stream map '0:a:0' matches no streams.\n", True, "holds no sound"),
        ("[a @ 0x1] [error] Codec (ac3) not on whitelist 'aac'\n", True, "not decoded (ac3)"),
        (
            "[error] Decoder (codec pcm_mulaw) not found for input stream #0:0\n",
            True,
            "not decoded (pcm_mulaw)",
        ),
        ("[a @ 0x1] [error] moov atom not found\n", False, "moov atom not found"),
        ("", False, "nothing could be decoded"),
    ],
)
def test_a_file_of_which_nothing_comes_is_explained(
    text: str, unsupported: bool, said: str
) -> None:
    """Another format, or a damaged file."""
    log = log_of(text)
    assert log.says_unsupported() is unsupported
    assert said in log.complaint()
