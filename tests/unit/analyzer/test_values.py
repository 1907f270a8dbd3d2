"""Values on their way into the result."""

import pytest
from pydantic import BaseModel, ValidationError

from analyzer.results.values import Values


class Model(BaseModel):
    """A result of two values."""

    one: float | None
    two: float | None
    unavailable: dict[str, str]


def test_a_value_or_its_reason() -> None:
    """Numbers are rounded."""
    values = Values()
    values.put_rounded("one", 1.23456, 2, missing="never")
    values.put_rounded("two", None, 2, missing="too short")
    assert values.validated(Model) == Model(one=1.23, two=None, unavailable={"two": "too short"})


def test_zero_is_a_value() -> None:
    """Only `None` is missing."""
    values = Values()
    values.put_or_explain("one", 0.0, missing="never")
    values.leave_out("two", missing="silent")
    assert values.validated(Model).unavailable == {"two": "silent"}
    assert values.validated(Model).one == 0.0


def test_what_is_forgotten_is_noticed() -> None:
    """The model checks."""
    with pytest.raises(ValidationError, match="two"):
        Values().validated(Model)
