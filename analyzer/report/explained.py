"""Why figures are missing."""

__all__ = ["Explained"]


class Explained:
    """Collects the reasons of figures that cannot be had."""

    def __init__(self) -> None:
        self.unavailable: dict[str, str] = {}

    def null(self, *names: str, because: str) -> None:
        """Note why figures are null."""
        self.unavailable.update(dict.fromkeys(names, because))
