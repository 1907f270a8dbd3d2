"""Healthy files of every container, and what a reader gives of the bytes of a file."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from analyzer.input.paths import open_path
from analyzer.input.reader import Reader, open_reader
from analyzer.samples import Samples
from tests.hostile.seeds import RATE_HZ, Seeds

SECONDS = 3.0
FRAMES = round(SECONDS * RATE_HZ)
PADDING = 3_000
"""Frames that an encoder may put in front of the sound or behind it."""

_BLOCK = 10_000


@dataclass(frozen=True)
class Decoded:
    """What a reader gave until its end."""

    reader: Reader
    samples: Samples


@pytest.fixture(scope="module")
def seeds() -> Seeds:
    """Give healthy files of three seconds."""
    return Seeds(SECONDS)


@pytest.fixture
def decoded(tmp_path: Path) -> Callable[[bytes], Decoded]:
    """Give a function that decodes the bytes of a file."""

    def decode(data: bytes) -> Decoded:
        (tmp_path / "x").write_bytes(data)
        with open_path(tmp_path / "x") as file, open_reader(file) as reader:
            blocks = [np.empty((0, reader.channels), np.float32)]
            while len(block := reader.read(_BLOCK)):
                blocks.append(block.copy())
            return Decoded(reader, np.concatenate(blocks))

    return decode


def levels(samples: npt.ArrayLike) -> list[float]:
    """Return the root mean square of each channel."""
    power = np.mean(np.square(np.asarray(samples, np.float64)), axis=0)
    return [float(level) for level in np.sqrt(power)]
