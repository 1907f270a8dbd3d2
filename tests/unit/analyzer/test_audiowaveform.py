"""The data formats of audiowaveform, byte by byte."""

import json
import struct

import numpy as np
import pytest

from analyzer.output import audiowaveform
from analyzer.output.audiowaveform import as_dat, as_json, eight_bits

LOW = np.array([-32_768, -255, 5], np.int16)
HIGH = np.array([32_767, -1, 511], np.int16)


def test_a_16_bit_dat_file() -> None:
    """Version 1: five numbers of 32 bits, then pairs, all little-endian."""
    assert b"".join(as_dat(LOW, HIGH, rate=44_100, samples_per_pixel=256)) == bytes.fromhex(
        "01000000 00000000 44ac0000 00010000 03000000 0080ff7f 01ffffff 0500ff01"
    )


def test_an_8_bit_dat_file() -> None:
    """The lowest flag says 8 bits."""
    low, high = eight_bits(LOW), eight_bits(HIGH)
    found = b"".join(as_dat(low, high, rate=48_000, samples_per_pixel=4_096))
    assert found[:20] == struct.pack("<5i", 1, 1, 48_000, 4_096, 3)
    assert found[20:] == bytes.fromhex("807f 0000 0001")


def test_eight_bits_are_cut_off_towards_zero() -> None:
    """−255 / 256 is 0, as in C, not −1."""
    values = np.array([-32_768, -32_767, -256, -255, -1, 0, 255, 256, 32_767], np.int16)
    assert eight_bits(values).tolist() == [-128, -127, -1, 0, 0, 0, 0, 1, 127]


def test_a_json_file() -> None:
    """Version 2 with one channel, as the program writes it, to the last byte."""
    parts = as_json(eight_bits(LOW), eight_bits(HIGH), rate=8_000, samples_per_pixel=1_024)
    assert b"".join(parts) == (
        b'{"version":2,"channels":1,"sample_rate":8000,"samples_per_pixel":1024,"bits":8,'
        b'"length":3,"data":[-128,127,0,0,0,1]}\n'
    )


def test_json_may_have_16_bits() -> None:
    """It says so."""
    found = json.loads(b"".join(as_json(LOW, HIGH, rate=8_000, samples_per_pixel=2)))
    assert (found["bits"], found["data"]) == (16, [-32_768, 32_767, -255, -1, 5, 511])


@pytest.mark.parametrize("pixels", [0, 1, 4, 5])
def test_json_in_parts_is_one_document(monkeypatch: pytest.MonkeyPatch, pixels: int) -> None:
    """Also without any pixel, and where the parts come out even."""
    monkeypatch.setattr(audiowaveform, "_PIXELS_PER_PART", 2)
    values = np.arange(pixels, dtype=np.int8)
    found = json.loads(b"".join(as_json(-values, values, rate=1, samples_per_pixel=2)))
    assert found["data"] == [sign * n for n in range(pixels) for sign in (-1, 1)]
