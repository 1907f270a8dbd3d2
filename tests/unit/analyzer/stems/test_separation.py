"""Stems as files: aligned with the source, whole or not at all."""

import os
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
import soundfile

from analyzer.errors import CorruptAudio
from analyzer.options import Options
from analyzer.output.folder import OutputFolder, OutputPlace
from analyzer.pipeline import analyse
from analyzer.samples import Samples
from analyzer.stems import separation
from analyzer.stems.separation import StemSeparation
from analyzer.stream import StreamFacts
from tests.support.audio import tone, write
from tests.support.stems import TWO, Share, a_separator


def facts(rate: int = 44_100, channels: int = 2, **more: object) -> StreamFacts:
    """Return what a decoder says."""
    given: dict[str, object] = {"container": "wav", "codec": "pcm_s16", "bit_depth": 16} | more
    return StreamFacts(rate=rate, channels=channels, **given)  # type: ignore[arg-type]


def a_tone(seconds: float, rate: int = 44_100) -> Samples:
    """Return a tone as a decoder gives it."""
    return tone(440, seconds, rate=rate).astype(np.float32)


def a_place(tmp_path: Path) -> OutputPlace:
    """Return where files go."""
    return OutputPlace(tmp_path, PurePosixPath("job"))


def run(tmp_path: Path, sound: Samples, of: StreamFacts, *shares: float) -> StemSeparation:
    """Separate a sound in blocks of a second or so."""
    stems = StemSeparation(of, a_separator(*shares), OutputFolder(a_place(tmp_path)))
    with stems:
        for start in range(0, len(sound), 40_000):
            stems.add(sound[start : start + 40_000])
        stems.finish()
    return stems


def files(tmp_path: Path) -> list[str]:
    """Return what lies in the output mount, hidden files among it."""
    return sorted(path.name for path in tmp_path.rglob("*") if path.is_file())


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_stems_are_aligned_with_the_source(tmp_path: Path, rate: int, channels: int) -> None:
    """At its own rate, of its length, and without a delay: together they are the sound again."""
    sound = np.zeros((3 * rate, channels), np.float32)
    mono = a_tone(3, rate)[:, :1] * np.hanning(3 * rate)[:, None].astype(np.float32)
    sound[:, : min(channels, 2)] = mono
    done = run(tmp_path, sound, facts(rate, channels))
    assert done.outcome.paths == {
        "vocals": "job/vocals.flac", "accompaniment": "job/accompaniment.flac"
    }  # fmt: skip
    total = np.zeros((3 * rate, min(channels, 2)))
    for path in done.outcome.paths.values():
        stem, found = soundfile.read(tmp_path / path, always_2d=True)
        assert (found, stem.shape) == (rate, total.shape)
        total += stem
    assert np.abs(total - mono).max() < 2e-4


@pytest.mark.parametrize(("bits", "subtype"), [(16, "PCM_16"), (24, "PCM_24"), (None, "PCM_16")])
def test_fine_sources_have_fine_stems(tmp_path: Path, bits: int | None, subtype: str) -> None:
    """A lossy source has no bits to keep."""
    run(tmp_path, a_tone(1), facts(bit_depth=bits))
    assert soundfile.info(tmp_path / "job/vocals.flac").subtype == subtype


def test_loudness_is_left_as_it_is_and_clipping_is_said(tmp_path: Path) -> None:
    """A stem may be louder than the mix; nothing is turned down."""
    done = run(tmp_path, 2.2 * a_tone(1) / np.abs(a_tone(1)).max(), facts(), 1.0, 0.01)
    assert len(done.outcome.warnings) == 1
    assert "beyond full scale, and are clipped" in done.outcome.warnings[0]
    assert soundfile.read(tmp_path / "job/vocals.flac")[0].max() > 0.999


def test_an_error_leaves_no_half_of_a_stem(tmp_path: Path) -> None:
    """Neither under its name nor under a hidden one."""
    stems = StemSeparation(facts(), a_separator(), OutputFolder(a_place(tmp_path)))

    def break_off() -> None:
        with stems:
            stems.add(a_tone(13))
            assert len(files(tmp_path)) == 2
            raise CorruptAudio("breaks off")

    with pytest.raises(CorruptAudio):
        break_off()
    assert files(tmp_path) == []


def test_a_retry_replaces_what_an_earlier_attempt_left(tmp_path: Path) -> None:
    """By the same bytes: there is never a second copy."""
    run(tmp_path, a_tone(2), facts())
    first = {name: (tmp_path / "job" / name).read_bytes() for name in files(tmp_path)}
    run(tmp_path, a_tone(2), facts())
    assert {name: (tmp_path / "job" / name).read_bytes() for name in files(tmp_path)} == first


def test_room_is_asked_for_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot fit is not begun, and the analysis goes on."""
    monkeypatch.setattr(OutputFolder, "free_bytes", lambda _: 1_000_000)
    done = run(tmp_path, a_tone(1), facts(expected_frames=44_100 * 600))
    assert done.outcome.paths is None
    assert done.outcome.missing == "the output mount has 1 MB left, and stems need 148 MB"
    assert files(tmp_path) == []


def test_a_disk_that_fills_up_costs_the_stems_alone(tmp_path: Path) -> None:
    """Its space is given back."""
    if not os.access("/dev/full", os.W_OK):
        pytest.skip("this system has no /dev/full")
    stems = StemSeparation(facts(), a_separator(), OutputFolder(a_place(tmp_path)))
    with stems:
        full = os.open("/dev/full", os.O_RDWR)
        os.dup2(full, stems._stems["vocals"].writer._file.file.fileno())
        os.close(full)
        stems.add(np.random.default_rng(0).normal(size=(800_000, 2)).astype(np.float32) * 0.1)
        stems.finish()
    assert stems.outcome.paths is None
    assert "cannot be written to" in stems.outcome.missing
    assert files(tmp_path) == []


def test_an_analysis_with_stems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are decoded together with everything else; nothing else changes."""
    monkeypatch.setattr(separation, "find_networks", lambda *_: (TWO, []))
    monkeypatch.setattr(separation, "open_networks", lambda *_, **__: [Share(1.0)] * 2)
    path = write(tmp_path / "a.wav", tone(440, 5))
    found = analyse(path, options=Options(stems=True), stems_output=a_place(tmp_path)).global_
    assert found.stems == {"vocals": "job/vocals.flac", "accompaniment": "job/accompaniment.flac"}
    without = analyse(path).global_
    assert found.model_copy(update={"stems": {}}) == without


def test_without_a_model_the_reason_says_what_to_do(tmp_path: Path) -> None:
    """An image without one works."""
    path = write(tmp_path / "a.wav", tone(440, 2))
    options = Options(stems=True, stems_models_path=tmp_path / "none")
    found = analyse(path, options=options, stems_output=a_place(tmp_path)).global_
    assert found.stems is None
    assert found.unavailable["stems"].startswith("unavailable: there is no model 2stems in ")
    assert "offbeat models pull" in found.unavailable["stems"]


def test_without_a_place_the_reason_says_so(tmp_path: Path) -> None:
    """No file can be written anywhere."""
    found = analyse(write(tmp_path / "a.wav", tone(440, 2)), options=Options(stems=True)).global_
    assert found.unavailable["stems"] == "there is no place for them: set OFFBEAT_OUTPUT_MOUNT_PATH"
