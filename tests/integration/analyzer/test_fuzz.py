"""A short run of the fuzzer: enough to see that it works, and that nothing breaks at once.

`make fuzz` runs the long one.
"""

import pytest

from tests.fuzz.inputs import Maker
from tests.fuzz.run import Figures, Plan, run
from tests.support.audio import ffmpeg


def _last(plan: Plan) -> Figures:
    *_, figures = run(plan)
    return figures


def test_no_mutated_file_breaks_what_libsndfile_reads() -> None:
    """Neither the decoder nor a measure, with sound of every degenerate kind among them."""
    figures = _last(Plan(executions=700, seed=1, ffmpeg=0, signals=15))
    assert figures.executions == 700
    assert figures.broken == []
    assert {"completed", "corrupt_audio", "unsupported_format"} <= set(figures.outcomes)


def test_no_mutated_file_breaks_what_ffmpeg_reads() -> None:
    """A few only: each takes a process."""
    ffmpeg()
    figures = _last(Plan(executions=40, seed=2, ffmpeg=100, signals=0))
    assert figures.executions == 40
    assert figures.broken == []


def test_an_input_is_made_again_by_its_seed() -> None:
    """In another process as well: nothing but the seed counts."""
    first, second = (Maker(ffmpeg=0, signals=10) for _ in range(2))
    seeds = [f"3:{number}" for number in range(40)]
    assert [first.make(seed) for seed in seeds] == [second.make(seed) for seed in reversed(seeds)][
        ::-1
    ]


def test_a_worker_that_dies_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """And its input is called broken, with the signal."""
    monkeypatch.setattr("tests.fuzz.run._WORKER", ("-c", "import os; os.abort()"))
    figures = _last(Plan(executions=2, ffmpeg=0))
    assert [verdict.complaint for verdict in figures.broken] == ["crashed with -6"] * 2


def test_a_worker_that_hangs_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """And killed."""
    monkeypatch.setattr("tests.fuzz.run._WORKER", ("-c", "import time; time.sleep(60)"))
    monkeypatch.setattr("tests.fuzz.run._TIMEOUT_SEC", 0.3)
    figures = _last(Plan(executions=1, ffmpeg=0))
    assert [verdict.complaint for verdict in figures.broken] == ["took more than 0.3 s"]
