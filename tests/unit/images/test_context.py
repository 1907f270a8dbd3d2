"""What the images are built from."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DOCKERFILES = ["Dockerfile.controller", "Dockerfile.analyzer"]
_COPY = re.compile(r"^COPY (?!--from)(\S+) ", re.MULTILINE)


def kept() -> list[str]:
    """Return the patterns of .dockerignore that let something in."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    return [line.removeprefix("!") for line in lines if line.startswith("!")]


def copied(dockerfile: str) -> list[str]:
    """Return what a Dockerfile takes from the tree."""
    return _COPY.findall((ROOT / dockerfile).read_text())


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_what_is_copied_is_there_and_not_ignored(dockerfile: str) -> None:
    """Else no image can be built."""
    sources = copied(dockerfile)
    assert sources
    for source in sources:
        assert (ROOT / source).exists()
        assert any(Path(source).match(pattern) for pattern in kept()), source


def test_nothing_else_is_let_in() -> None:
    """A file that no image needs would break the cache of all."""
    sources = [source for dockerfile in DOCKERFILES for source in copied(dockerfile)]
    for pattern in kept():
        assert any(Path(source).match(pattern) for source in sources), pattern
