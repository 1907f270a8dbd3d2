"""The command `offbeat`: one file for each noun, and nothing heavy imported before it is needed."""

import sys
from typing import NoReturn

__all__ = ["main"]

_NEEDED = {"typer", "rich"}


def main() -> NoReturn:
    """Run the command and exit with one of `offbeat.cli.exits.Exit`."""
    try:
        from offbeat.cli.app import run
    except ModuleNotFoundError as error:
        if error.name not in _NEEDED:
            raise
        sys.stderr.write(f"offbeat: the command needs {error.name}: pip install 'offbeat[cli]'\n")
        sys.exit(2)
    sys.exit(run())
