"""The waveform of a file, written at several zooms into the output mount."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from analyzer.features.bands import BAND_NAMES, LOW_MID_HZ, MID_HIGH_HZ
from analyzer.features.waveform import Integers, Pixels, Waveform, merged
from analyzer.output.audiowaveform import as_dat, as_json, eight_bits
from analyzer.output.folder import OutputFolder, OutputPlace
from offbeat.descriptors import Waveform as Description
from offbeat.descriptors import WaveformFile

__all__ = ["write_waveform"]

_COARSER = (1024, 4096)
_JSON_FROM = 1024
"""Samples per pixel from which on JSON is written too: finer, it would be larger than an MP3."""

Band = Literal["full", "low", "mid", "high"]


@dataclass(frozen=True)
class _Line:
    """One waveform that can be drawn."""

    band: Band
    low: Integers
    high: Integers


def write_waveform(waveform: Waveform, place: OutputPlace) -> Description:
    """Write all files, and say what they are.

    Raises:
        OutputRefused: They could not be written; none is left behind.

    """
    finest = waveform.samples_per_pixel
    files: list[WaveformFile] = []
    with OutputFolder(place) as folder:
        for zoom in (finest, *(coarser for coarser in _COARSER if coarser > finest)):
            full = merged(waveform.full, zoom // finest)
            bands = merged(waveform.bands, zoom // finest)
            for line in _lines(full, bands):
                files += _write_line(folder, line, rate=waveform.rate, zoom=zoom)
    return Description(
        sample_rate_hz=waveform.rate,
        low_mid_hz=LOW_MID_HZ,
        mid_high_hz=MID_HIGH_HZ,
        files=files,
    )


def _lines(full: Pixels, bands: Pixels) -> Iterator[_Line]:
    yield _Line("full", full.low[:, 0], full.high[:, 0])
    yield _Line("full", eight_bits(full.low[:, 0]), eight_bits(full.high[:, 0]))
    for number, name in enumerate(BAND_NAMES):
        yield _Line(name, bands.low[:, number], bands.high[:, number])


def _write_line(
    folder: OutputFolder, line: _Line, *, rate: int, zoom: int
) -> Iterator[WaveformFile]:
    bits: Literal[8, 16] = 8 if line.low.itemsize == 1 else 16
    stem = f"waveform-{zoom}"
    if line.band != "full":
        stem += f"-{line.band}"
    if bits == 16:
        stem += "-16bit"
    formats: list[tuple[Literal["dat", "json"], Iterable[bytes]]] = [
        ("dat", as_dat(line.low, line.high, rate=rate, samples_per_pixel=zoom))
    ]
    if bits == 8 and zoom >= _JSON_FROM:
        formats.append(("json", as_json(line.low, line.high, rate=rate, samples_per_pixel=zoom)))
    for kind, content in formats:
        yield WaveformFile(
            path=folder.put(f"{stem}.{kind}", content),
            format=kind,
            band=line.band,
            bits=bits,
            samples_per_pixel=zoom,
            pixels=len(line.low),
        )
