"""The carrier between findings and a result: named values, and why those that are missing are."""

from typing import TypeVar

from pydantic import BaseModel

__all__ = ["Values"]

Model = TypeVar("Model", bound=BaseModel)


class Values:
    """Values by their names in the result; a missing one is `None` and has a reason."""

    def __init__(self) -> None:
        self._values: dict[str, object] = {}
        self._missing: dict[str, str] = {}

    def put(self, name: str, value: object) -> None:
        """Set a value that is there, or whose absence says all."""
        self._values[name] = value

    def put_rounded(self, name: str, value: float | None, digits: int, *, missing: str) -> None:
        """Set a number, rounded to so many digits, or say why it is missing."""
        self.put_or_explain(name, None if value is None else round(value, digits), missing=missing)

    def put_or_explain(self, name: str, value: object, *, missing: str) -> None:
        """Set a value, or say why it is missing if it is `None`."""
        if value is None:
            self.leave_out(name, missing=missing)
        else:
            self._values[name] = value

    def leave_out(self, *names: str, missing: str) -> None:
        """Say why values are missing."""
        self._values.update(dict.fromkeys(names))
        self._missing.update(dict.fromkeys(names, missing))

    def validated(self, model: type[Model]) -> Model:
        """Return them as a model, which checks that each missing one has its reason.

        Raises:
            pydantic.ValidationError: They do not fit the model.

        """
        return model.model_validate(self._values | {"unavailable": self._missing})
