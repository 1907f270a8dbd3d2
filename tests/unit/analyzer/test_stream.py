"""A file is decoded once, for everybody who listens."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from analyzer.errors import CorruptAudio, LimitExceeded
from analyzer.input.paths import open_path
from analyzer.input.reader import open_reader
from analyzer.options import Options
from analyzer.pipeline import analyse
from analyzer.samples import Samples
from analyzer.stream import StreamFacts, feed
from tests.support.audio import silence, tone, write


@dataclass
class Recorder:
    """Keeps what it hears, and says in `log` when it heard it."""

    name: str
    log: list[str]
    block_frames: int = 1_000
    heard: list[Samples] = field(default_factory=list)

    def add(self, samples: Samples) -> None:
        """Take in a block."""
        self.log.append(f"{self.name} {len(samples)}")
        self.heard.append(samples.copy())

    def finish(self) -> None:
        """Take note of the end."""
        self.log.append(f"{self.name} end")


def play(path: Path, *consumers: Recorder, max_duration_sec: float = 60.0) -> list[float]:
    """Feed a file to consumers; return the progress."""
    told: list[float] = []
    with open_path(path) as file, open_reader(file) as reader:
        feed(reader, consumers, max_duration_sec=max_duration_sec, progress=told.append)
    return told


def test_each_block_goes_to_all_in_their_order(tmp_path: Path) -> None:
    """Blocks are as long as the first one asks for."""
    log: list[str] = []
    first, second = Recorder("first", log), Recorder("second", log, block_frames=7)
    samples = tone(440, 0.05, rate=48_000)
    told = play(write(tmp_path / "a.wav", samples, rate=48_000), first, second)
    assert log == [
        "first 1000", "second 1000", "first 1000", "second 1000", "first 400", "second 400",
    ]  # fmt: skip
    np.testing.assert_array_equal(np.concatenate(first.heard), np.concatenate(second.heard))
    np.testing.assert_allclose(np.concatenate(first.heard), samples, atol=1e-4)
    assert told == sorted(told)


def test_a_file_that_is_too_long_is_refused_while_it_is_decoded(tmp_path: Path) -> None:
    """Nobody hears what is beyond the limit."""
    log: list[str] = []
    path = write(tmp_path / "a.wav", silence(1.0, rate=8_000), rate=8_000)
    with pytest.raises(LimitExceeded, match=r"longer than 0\.5 s"):
        play(path, Recorder("one", log), max_duration_sec=0.5)
    assert log == ["one 1000"] * 4


def test_a_file_without_a_sample_is_refused(tmp_path: Path) -> None:
    """There is nothing to listen to."""
    path = write(tmp_path / "a.wav", silence(0.0, rate=8_000), rate=8_000)
    with pytest.raises(CorruptAudio):
        play(path, Recorder("one", []))


def test_listeners_of_an_analysis(tmp_path: Path) -> None:
    """They know the stream before its first block, hear all of it, and are told of its end."""
    log: list[str] = []
    made: list[StreamFacts] = []
    recorder = Recorder("one", log)

    def listener(facts: StreamFacts) -> Recorder:
        made.append(facts)
        return recorder

    path = write(tmp_path / "a.wav", tone(440, 2, rate=44_100), rate=44_100)
    results = analyse(path, listeners=[listener])
    assert [(facts.rate, facts.channels, facts.codec) for facts in made] == [(44_100, 2, "pcm_s16")]
    assert sum(map(len, recorder.heard)) == results.global_.frames
    assert log[-1] == "one end"
    assert results == analyse(path)


def test_a_listener_may_refuse_the_file(tmp_path: Path) -> None:
    """As the features do; the file is named."""

    class Refusing(Recorder):
        def add(self, samples: Samples) -> None:
            raise CorruptAudio("is not to my taste")

    path = write(tmp_path / "a.wav", tone(440, 1))
    with pytest.raises(CorruptAudio) as refusal:
        analyse(path, listeners=[lambda _: Refusing("one", [])], options=Options())
    assert refusal.value.path == str(path)
