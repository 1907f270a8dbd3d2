"""Reads the variables of a TensorFlow checkpoint, without TensorFlow.

A checkpoint is a TensorBundle: `model.index` is a sorted string table (the format of LevelDB) that
maps the name of each variable to a BundleEntryProto, and `model.data-00000-of-00001` holds the raw
little-endian values (in TensorFlow: core/util/tensor_bundle, core/protobuf/tensor_bundle.proto).
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from analyzer.arrays import Float32

__all__ = ["BadCheckpoint", "read_variables"]

_MAGIC = 0xDB4775248B80FB57
_FOOTER_BYTES = 48
_FLOAT32 = 1
_DTYPE, _SHAPE, _OFFSET, _SIZE = 1, 2, 4, 5
_DIMENSION, _LENGTH = 2, 1


class BadCheckpoint(ValueError):
    """The files are no checkpoint, or not the one that was expected."""


def read_variables(folder: Path) -> dict[str, Float32]:
    """Return name → values of every float32 variable of the checkpoint in a folder.

    Raises:
        BadCheckpoint: The index cannot be read, or names values that are not there.

    """
    index = (folder / "model.index").read_bytes()
    data = (folder / "model.data-00000-of-00001").read_bytes()
    found = {}
    for name, entry in _table(index):
        fields = dict(_fields(entry))
        if not name or _number(fields, _DTYPE) != _FLOAT32:  # the empty name is the header
            continue
        offset, size = _number(fields, _OFFSET), _number(fields, _SIZE)
        shape = _dimensions(fields.get(_SHAPE, b""))
        values = np.frombuffer(data[offset : offset + size], "<f4")
        if values.size != np.prod(shape, dtype=np.int64):
            raise BadCheckpoint(f"{folder}: the values of {name.decode()} are cut off")
        found[name.decode()] = values.reshape(shape)
    return found


def _table(index: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the keys and values of a sorted string table."""
    footer = index[-_FOOTER_BYTES:]
    if len(footer) < _FOOTER_BYTES or int.from_bytes(footer[-8:], "little") != _MAGIC:
        raise BadCheckpoint("model.index is no index of a checkpoint")
    at = 0
    for _ in range(2):  # where the block of metadata is, which is empty
        _, at = _varint(footer, at)
    offset, at = _varint(footer, at)
    size, at = _varint(footer, at)
    for _, handle in _block(index, offset, size):
        start, at = _varint(handle, 0)
        length, _ = _varint(handle, at)
        yield from _block(index, start, length)


def _block(index: bytes, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield the entries of one block; keys leave out what they share with the one before."""
    if index[offset + size]:
        raise BadCheckpoint("model.index is compressed, which TensorFlow does not do")
    block = index[offset : offset + size]
    restarts = int.from_bytes(block[-4:], "little")
    end, at, key = len(block) - 4 * (restarts + 1), 0, b""
    while at < end:
        shared, at = _varint(block, at)
        unshared, at = _varint(block, at)
        length, at = _varint(block, at)
        key = key[:shared] + block[at : at + unshared]
        at += unshared
        yield key, block[at : at + length]
        at += length


def _dimensions(shape: int | bytes) -> tuple[int, ...]:
    """Return the sizes in a TensorShapeProto."""
    if isinstance(shape, int):
        raise BadCheckpoint("model.index holds a number where a shape belongs")
    return tuple(
        _number(dict(_fields(value)), _LENGTH)
        for field, value in _fields(shape)
        if field == _DIMENSION and isinstance(value, bytes)
    )


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield number and value of each field of a protocol buffer."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        field, kind = tag >> 3, tag & 7
        value: int | bytes
        if kind == 0:
            value, at = _varint(message, at)
        else:
            if kind == 2:
                length, at = _varint(message, at)
            elif kind in {1, 5}:
                length = 8 if kind == 1 else 4
            else:
                raise BadCheckpoint("model.index holds something unknown")
            value = message[at : at + length]
            at += length
        yield field, value


def _number(fields: dict[int, int | bytes], field: int) -> int:
    value = fields.get(field, 0)
    if not isinstance(value, int):
        raise BadCheckpoint("model.index holds text where a number belongs")
    return value


def _varint(buffer: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(buffer):
            raise BadCheckpoint("model.index is cut off")
        byte = buffer[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
