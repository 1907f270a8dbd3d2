"""From a checkpoint to one ONNX file a stem, the same bytes everywhere."""

import hashlib
from pathlib import Path

from analyzer.stems.export.bundle import BadCheckpoint, read_variables
from analyzer.stems.export.checkpoint import checkpoint
from analyzer.stems.export.unet import unet
from analyzer.stems.models import StemModel

__all__ = ["export"]

_LICENSE = Path(__file__).with_name("LICENSE-spleeter")
"""Of the weights, which goes wherever they go."""


def export(model: StemModel, folder: Path, *, source: Path | None = None) -> list[Path]:
    """Write the networks of a model to `<folder>/<model>/<stem>.onnx`, and return their paths.

    Raises:
        BadCheckpoint: The checkpoint is not that of the model, or what was made of it is not what
            it should be.
        OSError: The files cannot be written.

    """
    with checkpoint(model, source) as found:
        variables = read_variables(found)
    place = folder / model.name
    place.mkdir(parents=True, exist_ok=True)
    written = []
    for number, stem in enumerate(model.stems):
        try:
            network = unet(
                variables,
                number,
                encoder=model.encoder,
                decoder=model.decoder,
                logits=model.softmax,
            )
        except KeyError as error:
            raise BadCheckpoint(f"the checkpoint of {model.name} lacks {error}") from error
        digest = hashlib.sha256(network).hexdigest()
        expected = model.onnx.get(stem)
        if expected and digest != expected:
            raise BadCheckpoint(
                f"the network for {stem} has the SHA-256 {digest}, not {expected}: "
                "another version of the package onnx writes other bytes; please report it"
            )
        path = place / f"{stem}.onnx"
        part = path.with_suffix(".part")
        part.write_bytes(network)
        part.replace(path)
        written.append(path)
    (place / "LICENSE").write_bytes(_LICENSE.read_bytes())
    return written
