"""Channels come in the order of WAVE files, whatever the container and the decoder."""

from collections.abc import Callable

import pytest

from tests.hostile.seeds import BY_FFMPEG, Seeds, sound
from tests.support.audio import ffmpeg
from tests.unit.analyzer.input.conftest import Decoded, levels

SURROUND: dict[str, Callable[[Seeds, bytes], bytes]] = {
    "wav": lambda _, wav: wav,
    "aiff": lambda seeds, _: seeds.write(sound(1.0, channels=6), "AIFF"),
    "flac": lambda seeds, _: seeds.write(sound(1.0, channels=6), "FLAC"),
    "ogg": lambda seeds, _: seeds.write(sound(1.0, channels=6), "OGG", "VORBIS"),
    "m4a": lambda seeds, wav: seeds.encode(*BY_FFMPEG["alac"], source=wav),
    "matroska": lambda seeds, wav: seeds.encode(*BY_FFMPEG["mka-flac"], source=wav),
    "caf": lambda seeds, wav: seeds.encode(*BY_FFMPEG["caf"], source=wav),
}


@pytest.mark.parametrize("container", SURROUND)
def test_channels_come_in_the_order_of_wave(
    container: str, seeds: Seeds, decoded: Callable[[bytes], Decoded]
) -> None:
    """Six of them, each softer than the one before it in a WAVE file."""
    wav = seeds.write(sound(1.0, channels=6), "WAVEX", "PCM_16")
    if container in {"m4a", "matroska", "caf"}:
        ffmpeg()
    source = SURROUND[container](seeds, wav)
    found = decoded(source)
    assert found.reader.container == container
    found_levels = levels(found.samples)
    if container == "ogg":  # libsndfile wrote the channels as they came: in Vorbis' own order
        found_levels = [found_levels[place] for place in (0, 2, 1, 4, 5, 3)]
    assert found_levels == sorted(found_levels, reverse=True)
