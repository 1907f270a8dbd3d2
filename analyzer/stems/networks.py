"""Runs networks with onnxruntime: one session each, one arena for all."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

from analyzer.arrays import Float32

if TYPE_CHECKING:
    import onnxruntime

__all__ = ["OnnxNetwork", "open_networks"]

_ERRORS = 3
"""The level of onnxruntime's log from which on it is written."""


class OnnxNetwork:
    """One network; its session holds its weights, 39 MB, and the arena what it works with."""

    def __init__(self, session: "onnxruntime.InferenceSession") -> None:
        self._session = session

    def __call__(self, magnitude: Float32) -> Float32:
        """Take and return shape (2, 512, 1,024)."""
        (estimate,) = self._session.run(None, {"magnitude": magnitude[None]})
        return cast("Float32", estimate[0])


def open_networks(paths: Sequence[Path], *, threads: int) -> list[OnnxNetwork]:
    """Load networks; they run one after another, each on so many threads.

    Args:
        paths: ONNX models.
        threads: As many as there are CPUs for this process.

    """
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    onnxruntime.set_default_logger_severity(_ERRORS)
    _share_an_arena()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = _ERRORS
    options.add_session_config_entry("session.use_env_allocators", "1")
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    providers = [
        name
        for name in ("CUDAExecutionProvider", "CPUExecutionProvider")
        if name in onnxruntime.get_available_providers()
    ]
    return [
        OnnxNetwork(onnxruntime.InferenceSession(path, options, providers=providers))
        for path in paths
    ]


@cache
def _share_an_arena() -> None:
    """Let all sessions of this process work in the same memory: they never run at once."""
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    memory = state.OrtMemoryInfo(
        "Cpu", state.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, state.OrtMemType.DEFAULT
    )
    onnxruntime.create_and_register_allocator(memory, None)
