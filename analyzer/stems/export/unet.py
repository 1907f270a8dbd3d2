"""Writes one U-Net of Spleeter as an ONNX model.

The network is that of Jansson et al., "Singing voice separation with deep U-Net convolutional
networks" (ISMIR 2017), as Hennequin et al. published it with weights ("Spleeter: a fast and
efficient music source separation tool with pre-trained models", JOSS 2020): six convolutions of
stride 2, six transposed ones, and a last convolution that makes a mask. Each instrument has one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from analyzer.arrays import Float32
from analyzer.stems.models import BINS, FRAMES, Activation

__all__ = ["unet"]

_OPSET = 17
_IR_VERSION = 8
_LAYERS = 6
_CONVOLUTIONS, _NORMS = _LAYERS + 1, 2 * _LAYERS
"""Variables of one instrument: what comes after them belongs to the next one."""

_EPSILON = 1e-3
_LEAK = 0.2
_SAME = [1, 1, 2, 2]
"""What TensorFlow's padding SAME adds to a kernel of 5 with stride 2: one in front, two behind."""

Variables = Mapping[str, Float32]

_Attribute = int | float | list[int]


@dataclass
class _Graph:
    """Nodes and weights of a model that is being put together."""

    variables: Variables
    instrument: int
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    weights: list[TensorProto] = field(default_factory=list)

    def add(self, kind: str, *inputs: str, **attributes: _Attribute) -> str:
        """Add a node, and return the name of its output."""
        output = f"{kind.lower()}_{len(self.nodes)}"
        node = helper.make_node(kind, list(inputs), [output])
        node.attribute.extend(helper.make_attribute(*item) for item in sorted(attributes.items()))
        self.nodes.append(node)
        return output

    def convolve(self, layer: int, source: str, *, last: bool = False) -> str:
        """Add a convolution of stride 2, or the last one, which is dilated."""
        name = _numbered("conv2d", self.instrument * _CONVOLUTIONS + layer)
        if last:
            shape = {"kernel_shape": [4, 4], "pads": [3, 3, 3, 3], "dilations": [2, 2]}
        else:
            shape = {"kernel_shape": [5, 5], "pads": _SAME, "strides": [2, 2]}
        return self.add("Conv", source, self._kernel(name), self._vector(name, "bias"), **shape)

    def transpose(self, layer: int, source: str) -> str:
        """Add a transposed convolution of stride 2."""
        name = _numbered("conv2d_transpose", self.instrument * _LAYERS + layer)
        weights = self._kernel(name), self._vector(name, "bias")
        return self.add(
            "ConvTranspose", source, *weights, kernel_shape=[5, 5], pads=_SAME, strides=[2, 2]
        )

    def normalise(self, layer: int, source: str) -> str:
        """Add a batch normalisation."""
        name = _numbered("batch_normalization", self.instrument * _NORMS + layer)
        parts = ("gamma", "beta", "moving_mean", "moving_variance")
        vectors = [self._vector(name, part) for part in parts]
        return self.add("BatchNormalization", source, *vectors, epsilon=_EPSILON)

    def activate(self, source: str, activation: Activation) -> str:
        """Add an activation."""
        if activation is Activation.LEAKY_RELU:
            return self.add("LeakyRelu", source, alpha=_LEAK)
        return self.add("Elu" if activation is Activation.ELU else "Relu", source)

    def _kernel(self, name: str) -> str:
        # (height, width, in, out) of a convolution becomes (out, in, height, width), and
        # (height, width, out, in) of a transposed one (in, out, height, width).
        values = self.variables[f"{name}/kernel"].transpose(3, 2, 0, 1)
        return self._weight(f"{name}/kernel", values)

    def _vector(self, name: str, part: str) -> str:
        return self._weight(f"{name}/{part}", self.variables[f"{name}/{part}"])

    def _weight(self, name: str, values: Float32) -> str:
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name


def unet(
    variables: Variables,
    instrument: int,
    *,
    encoder: Activation,
    decoder: Activation,
    logits: bool,
) -> bytes:
    """Return the network of one instrument as an ONNX model, the same bytes every time.

    It takes `magnitude`, shape (blocks, 2 channels, 512 frames, 1,024 bins), and gives `estimate`
    of the same shape: the magnitude of the instrument, or the logits of its mask.

    Args:
        variables: Those of the checkpoint.
        instrument: Its place among the instruments, from 0.
        encoder: Activation after each convolution.
        decoder: Activation after each transposed convolution.
        logits: Whether the masks of all instruments become one by a softmax, outside.

    Raises:
        KeyError: A variable is missing.

    """
    graph = _Graph(variables, instrument)
    skips = [graph.convolve(0, "magnitude")]
    for layer in range(1, _LAYERS):
        inside = graph.activate(graph.normalise(layer - 1, skips[-1]), encoder)
        skips.append(graph.convolve(layer, inside))
    inside = skips.pop()  # the sixth normalisation of the encoder leads nowhere
    for layer in range(_LAYERS):
        raised = graph.activate(graph.transpose(layer, inside), decoder)
        inside = graph.normalise(_LAYERS + layer, raised)
        if skips:
            inside = graph.add("Concat", skips.pop(), inside, axis=1)
    inside = graph.convolve(_LAYERS, inside, last=True)
    if not logits:
        inside = graph.add("Mul", graph.add("Sigmoid", inside), "magnitude")
    graph.nodes[-1].output[0] = "estimate"
    shape: list[str | int | None] = ["blocks", 2, FRAMES, BINS]
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "spleeter",
            [helper.make_tensor_value_info("magnitude", TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info("estimate", TensorProto.FLOAT, shape)],
            graph.weights,
        ),
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=_IR_VERSION,
        producer_name="offbeat",
    )
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))


def _numbered(name: str, number: int) -> str:
    """Return the name that Keras gives the n-th layer of a kind."""
    return f"{name}_{number}" if number else name
