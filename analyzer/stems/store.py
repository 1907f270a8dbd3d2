"""Where the networks lie: `<folder>/<model>/<stem>.onnx`.

An image holds them where `OFFBEAT_STEMS_MODELS_PATH` says; `offbeat models pull` puts them below
the user's data folder.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from analyzer.stems.models import MODELS, StemModel

__all__ = ["StemsUnavailable", "find_networks", "user_folder"]

_MISSING = (
    "there is no model {name} in {folder}: run `offbeat models pull`, or build the image "
    "with a model (docs/operations.md)"
)


class StemsUnavailable(Exception):
    """Stems cannot be separated by what is installed; the text says what to do."""


def user_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Return where a user's models lie: `$XDG_DATA_HOME/offbeat/models`."""
    home = environ.get("XDG_DATA_HOME")
    return (Path(home) if home else Path.home() / ".local/share") / "offbeat/models"


def find_networks(name: str, folder: Path | None = None) -> tuple[StemModel, list[Path]]:
    """Return a model and the files of its networks, in the order of its stems.

    Raises:
        StemsUnavailable: There is no such model, or its files are not there.

    """
    model = MODELS.get(name)
    if model is None:
        raise StemsUnavailable(f"there is no model {name!r}: choose {' or '.join(MODELS)}")
    folder = folder or user_folder()
    paths = [folder / name / f"{stem}.onnx" for stem in model.stems]
    if not all(path.is_file() for path in paths):
        raise StemsUnavailable(_MISSING.format(name=name, folder=folder))
    return model, paths
