"""Waveform files that an analyzer leaves in the output mount, read back as a player does."""

import json
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile

from offbeat import keys
from offbeat.analysis import GlobalAnalysis
from offbeat.failure import ExitCode
from tests.integration.analyzer.conftest import Pod
from tests.support.audio import demo_music, write


@dataclass(frozen=True)
class Read:
    """What a file says of itself, and its pairs."""

    rate: int
    samples_per_pixel: int
    bits: int
    pairs: list[tuple[int, int]]


def read(path: Path) -> Read:
    """Read either format as its documentation has it."""
    raw = path.read_bytes()
    if path.suffix == ".json":
        loaded = json.loads(raw)
        values = loaded["data"]
        assert (loaded["version"], loaded["channels"]) == (2, 1)
        assert len(values) == 2 * loaded["length"]
        rate, zoom, bits = loaded["sample_rate"], loaded["samples_per_pixel"], loaded["bits"]
    else:
        version, flags, rate, zoom, length = struct.unpack_from("<iIiiI", raw)
        bits = 8 if flags & 1 else 16
        values = struct.unpack_from(f"<{2 * length}{'b' if bits == 8 else 'h'}", raw, 20)
        assert version == 1
        assert len(raw) == 20 + 2 * length * bits // 8
    return Read(rate, zoom, bits, list(zip(values[::2], values[1::2], strict=True)))


@pytest.fixture
def output(pod: Pod, tmp_path: Path) -> Path:
    """Give the analyzer an empty output mount."""
    folder = tmp_path / "output"
    folder.mkdir()
    pod.environment[keys.ENV_OUTPUT_MOUNT_PATH] = str(folder)
    return folder


def analysed(pod: Pod) -> GlobalAnalysis:
    """Analyse a short piece under the job_id `Mix 1`, as the run `cafe`."""
    write(pod.mount / "a.wav", np.concatenate(list(demo_music(3))), subtype="PCM_16")
    ended = pod.run({"job_id": "Mix 1", "relative_path": "a.wav"}, run="cafe")
    assert ended.code == ExitCode.OK, ended.log
    return pod.completed().results.global_


def test_every_file_is_what_the_result_says(pod: Pod, output: Path) -> None:
    """Each loads by itself; none is missing, and there are no others."""
    found = analysed(pod)
    assert found.waveform is not None
    assert found.waveform.sample_rate_hz == 44_100
    for file in found.waveform.files:
        seen = read(output / file.path)
        assert Path(file.path).suffix == f".{file.format}"
        assert seen.rate == 44_100
        assert (seen.samples_per_pixel, seen.bits) == (file.samples_per_pixel, file.bits)
        assert len(seen.pairs) == file.pixels == -(-found.frames // file.samples_per_pixel)
        assert all(low <= high for low, high in seen.pairs)
    written = {str(path.relative_to(output)) for path in output.rglob("*") if path.is_file()}
    assert written == {file.path for file in found.waveform.files}
    assert {Path(path).parent.name for path in written} == {"cafe"}
    kinds = {(file.format, file.band, file.bits) for file in found.waveform.files}
    bands = ("full", "low", "mid", "high")
    assert kinds == {("dat", "full", 16)} | {
        (kind, b, 8) for kind in ("dat", "json") for b in bands
    }


def test_pixels_are_those_of_the_samples(pod: Pod, output: Path) -> None:
    """Those of audiowaveform: the mean of the channels towards zero, at every zoom."""
    found = analysed(pod)
    assert found.waveform is not None
    shorts, _ = soundfile.read(pod.mount / "a.wav", dtype="int16")
    mono = np.trunc(shorts.astype(int).sum(axis=1) / 2).astype(int)
    checked = 0
    for file in found.waveform.files:
        if file.band == "full" and file.bits == 16:
            starts = np.arange(0, len(mono), file.samples_per_pixel)
            low, high = np.minimum.reduceat(mono, starts), np.maximum.reduceat(mono, starts)
            assert read(output / file.path).pairs == list(
                zip(low.tolist(), high.tolist(), strict=True)
            )
            checked += 1
    assert checked == 3


def test_another_attempt_writes_the_same_bytes(pod: Pod, output: Path) -> None:
    """In the same place: a retried Job leaves one set of files."""
    analysed(pod)
    first = {path: path.read_bytes() for path in output.rglob("*") if path.is_file()}
    pod.redis.delete(pod.settings.keys.run("cafe").settled)
    analysed(pod)
    assert {path: path.read_bytes() for path in output.rglob("*") if path.is_file()} == first


def test_without_a_mount_there_is_no_waveform(pod: Pod) -> None:
    """And the result says what to set; that is no reason for a warning."""
    write(pod.mount / "a.wav", np.concatenate(list(demo_music(1))))
    pod.run({"job_id": 1, "relative_path": "a.wav"})
    results = pod.completed().results
    assert results.global_.waveform is None
    assert results.global_.unavailable["waveform"].startswith("no output mount: ")
    assert results.warnings == []


def test_a_mount_that_cannot_be_written_to_costs_only_the_waveform(pod: Pod, output: Path) -> None:
    """Everything else is delivered, with a warning."""
    output.rmdir()
    write(pod.mount / "a.wav", np.concatenate(list(demo_music(1))))
    assert pod.run({"job_id": 1, "relative_path": "a.wav"}).code == ExitCode.OK
    results = pod.completed().results
    because = f"the output mount {output} cannot be written to: it is not there"
    assert results.global_.loudness_lufs_total is not None
    assert results.global_.unavailable["waveform"] == because
    assert results.warnings == [f"the waveform was not written: {because}"]
