"""The one installation that all end-to-end tests share, and its audio files."""

import os
import struct
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from tests.e2e.installation import E2ESettings, Installation


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the bursts last: they take minutes, and what is simply broken should show at once."""
    items.sort(key=lambda item: "test_burst" in item.nodeid)


@pytest.fixture(scope="session")
def installation() -> Iterator[Installation]:
    """Connect to what `tests/e2e/run` has set up."""
    try:
        settings = E2ESettings()
    except ValidationError:
        pytest.skip("needs a kind cluster with Offbeat in it: make e2e")
    connected = Installation(settings)
    yield connected
    connected.redis.close()


@pytest.fixture(autouse=True)
def _idle(installation: Installation) -> None:
    """Begin every test with nothing under way and no result left over."""
    installation.wait_until_idle()
    installation.pop_all()


@pytest.fixture(scope="session")
def audio(installation: Installation) -> Path:
    """Return the folder that Jobs see as their mount, with made-up files beside the music."""
    folder = installation.settings.audio
    write_tone(folder / "tone-10s.wav", seconds=10)
    write_tone(folder / "tone-2s.wav", seconds=2)
    write_long_silence(folder / "silence-3h.wav", seconds=3 * 3600)
    (folder / "text.mp3").write_text("This is not music.\n" * 40)
    return folder


@pytest.fixture(scope="session")
def music(audio: Path) -> list[str]:
    """Return the paths of the real music, below the mount."""
    return sorted(str(file.relative_to(audio)) for file in (audio / "music").rglob("*.ogg"))


def write_tone(path: Path, *, seconds: int, rate: int = 44_100) -> None:
    """Write a stereo WAV of a sawtooth of 220 Hz that starts at once."""
    period = rate // 220
    frame = [int(16_000 * (2 * (n % period) / period - 1)) for n in range(rate)]
    second = b"".join(value.to_bytes(2, "little", signed=True) * 2 for value in frame)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(rate)
        for _ in range(seconds):
            file.writeframes(second)


def write_long_silence(path: Path, *, seconds: int, rate: int = 44_100) -> None:
    """Write a mono WAV of zeros as a sparse file: it takes seconds to read and no room."""
    data = 2 * rate * seconds
    header = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", 36 + data, b"WAVE", b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16, b"data", data),
    )
    path.write_bytes(header)
    os.truncate(path, len(header) + data)
