"""Which networks there are: their stems, their activations, and the files that they come in."""

from dataclasses import dataclass, field
from enum import StrEnum

__all__ = ["BINS", "FRAMES", "MODELS", "Activation", "StemModel"]

FRAMES, BINS = 512, 1024
"""Frames of a block, and bins of a frame, that a network looks at: 11.9 s, up to 11 kHz."""


class Activation(StrEnum):
    """What follows a convolution."""

    RELU = "ReLU"
    LEAKY_RELU = "LeakyReLU(0.2)"
    ELU = "ELU"


@dataclass(frozen=True, kw_only=True)
class StemModel:
    """A set of networks that were trained together.

    Attributes:
        name: As Spleeter calls it.
        stems: One network each, in the order of the checkpoint.
        encoder: Activation of the encoder.
        decoder: And of the decoder.
        softmax: Whether the masks are one softmax over all stems.
        checkpoint: SHA-256 of the checkpoint's values.
        index: And of its index; empty where it is not known.
        in_wheel: Whether a Python package holds the checkpoint.
        onnx: Stem → SHA-256 of its exported network.

    """

    name: str
    stems: tuple[str, ...]
    encoder: Activation
    decoder: Activation
    softmax: bool = False
    checkpoint: str
    index: str = ""
    in_wheel: bool = False
    onnx: dict[str, str] = field(default_factory=dict)


MODELS = {
    model.name: model
    for model in (
        StemModel(
            name="2stems",
            stems=("vocals", "accompaniment"),
            encoder=Activation.LEAKY_RELU,
            decoder=Activation.RELU,
            checkpoint="7747f9fd2c782306dbec1504360fbb645a097a48446f23486c3ff9c89bc11788",
            index="55661a09f79c86071fc7077b44b4cf1f01b6d82bbbb83ed94cb68a2f9944e378",
            in_wheel=True,
            onnx={
                "vocals": "3a2b466ecd9c0b4430b546a7ee41bc5465a6b8c9bd77b87f637485ef52c7cab6",
                "accompaniment": "162df0ab1fce60318bc266a3086959514abe3befe59ab513c066add5ba2e54dc",
            },
        ),
        StemModel(
            name="4stems",
            stems=("vocals", "drums", "bass", "other"),
            encoder=Activation.ELU,
            decoder=Activation.ELU,
            checkpoint="3823e0ef50835cca3907c386dc9667a6a9af77b40a20c3ab845a8d6c9592255d",
        ),
    )
}
