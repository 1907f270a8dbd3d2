"""The table of styles that the material is composed in."""

from tools.train.styles import band, electronic, generic, quiet, urban, world
from tools.train.styles.style import Groove, Style

__all__ = ["STYLES", "Groove", "Style"]

STYLES: dict[str, Style] = {
    style.name: style
    for style in (
        *electronic.STYLES,
        *urban.STYLES,
        *band.STYLES,
        *world.STYLES,
        *quiet.STYLES,
        *generic.STYLES,
    )
}
"""Name → style, in a fixed order."""
