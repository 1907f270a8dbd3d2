"""The models that come with the analyzer: JSON files of this folder, each read once."""

import json
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar, cast

__all__ = ["load"]

T = TypeVar("T")


def load(file: str, build: Callable[[Any], T]) -> T:
    """Return what `build` makes of the JSON in a file; the same object every time."""
    return cast("T", _built(file, build))


@cache  # to parse half a megabyte of digits takes longer than ten seconds' beats
def _built(file: str, build: Callable[[Any], object]) -> object:
    return build(json.loads(files(__package__).joinpath(file).read_text(encoding="utf-8")))
