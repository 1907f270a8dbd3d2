"""Passwords that a URL cannot hold as they are, and a search for pieces of them."""

from collections.abc import Iterable

__all__ = ["CHARACTERS", "PIECE", "READ_AS_THEY_ARE", "nasty", "pieces_in"]

PIECE = 4
"""So many characters in a row are a piece worth guessing from."""

CHARACTERS = {
    "slash": "/",
    "hash": "#",
    "question mark": "?",
    "at": "@",
    "colon": ":",
    "percent": "%",
    "space": " ",
    "ampersand": "&",
    "parameter": "?x=",
    "known parameter": "?db=",
    "opening bracket": "[",
    "brackets": "]@[",
    "compatibility form": "\u2100",  # Python refuses it, and quotes all around it
    "backslash": "\\",
    "line break": "\n",
    "tab": "\t",
    "no UTF-8": "\udcff",
    "brace": "{",
    "everything": "/#?@:% &[",
}
"""What stands between the letters of a password."""

READ_AS_THEY_ARE = {"at", "colon", "space", "ampersand", "backslash", "brace"}
"""What redis-py reads right even where it is not encoded."""


def nasty(character: str) -> str:
    """Return a password with a character at three places, no piece of which any program says."""
    return character.join(("Kq7xZ", "Wv9jB", "n4mHY", "T2pQg"))


def pieces_in(texts: Iterable[str], password: str) -> set[str]:
    """Return the pieces of a password that any of the texts shows."""
    said = "\n".join(texts)
    starts = range(len(password) - PIECE + 1)
    return {password[at : at + PIECE] for at in starts if password[at : at + PIECE] in said}
