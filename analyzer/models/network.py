"""A small feed-forward network, read from a JSON file of this folder."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from analyzer.arrays import Float32
from analyzer.models.stored import load

__all__ = ["Network", "load_network"]


@dataclass(frozen=True)
class Network:
    """Rectified linear layers, the last one linear.

    Attributes:
        mean: Of each input, shape (inputs,).
        scale: By which each input is divided, shape (inputs,).
        weights: Of each layer, shape (in, out).
        biases: Of each layer, shape (out,).

    """

    mean: Float32
    scale: Float32
    weights: tuple[Float32, ...]
    biases: tuple[Float32, ...]

    @classmethod
    def of(cls, fields: dict[str, Any]) -> Self:
        """Build it from the fields of a model file."""
        return cls(
            np.array(fields["mean"], np.float32),
            np.array(fields["scale"], np.float32),
            tuple(np.array(weight, np.float32) for weight in fields["weights"]),
            tuple(np.array(bias, np.float32) for bias in fields["biases"]),
        )

    def __call__(self, inputs: Float32) -> Float32:
        """Return the outputs, shape (rows, outputs), of inputs of shape (rows, inputs)."""
        values = inputs - self.mean
        values /= self.scale
        for number, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            values = values @ weight
            values += bias
            if number < len(self.weights) - 1:
                np.maximum(values, 0, out=values)
        return values


def load_network(file: str, name: str) -> Network:
    """Return one network of a file of this folder."""
    return load(file, _networks)[name]


def _networks(stored: dict[str, Any]) -> dict[str, Network]:
    return {name: Network.of(fields) for name, fields in stored["networks"].items()}
