"""The options that describe a job, and the message made of them."""

import re
import secrets
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from offbeat.cli.cues import Fields, parse_cue, read_cues
from offbeat.cli.exits import Fault

__all__ = ["BpmMax", "BpmMin", "Cue", "Cues", "File", "JobIdOption", "Profile", "Request", "Stems"]

_MAX_NAME_CHARS = 80
"""How much of a file's name a generated job_id shows; with its suffix it stays below 128."""

File = Annotated[
    str,
    typer.Argument(help="Audio file: below the shared mount, or absolute.", show_default=False),
]
JobIdOption = Annotated[
    str | None,
    typer.Option(
        "--job-id",
        help="Your name for the job; digits are sent as a number. Default: the file's name and "
        "six random characters.",
        show_default=False,
    ),
]
Cue = Annotated[
    list[str] | None,
    typer.Option(
        "--cue", help="A track, such as '5:12 Title'; may be repeated.", show_default=False
    ),
]
Cues = Annotated[
    Path | None,
    typer.Option("--cues", help="File of tracks: a JSON array or a .cue sheet."),
]
Profile = Annotated[str | None, typer.Option(help="A profile that the operator has defined.")]
Stems = Annotated[
    bool,
    typer.Option(
        "--stems", help="Ask for stems. This version separates none: `stems` is null in the result."
    ),
]
BpmMin = Annotated[float | None, typer.Option(help="Slowest tempo to consider.")]
BpmMax = Annotated[float | None, typer.Option(help="Fastest tempo to consider.")]


@dataclass(frozen=True, kw_only=True)
class Request:
    """A job as somebody typed it."""

    file: str
    job_id: str | None = None
    cue: list[str] | None = None
    cues: Path | None = None
    profile: str | None = None
    stems: bool = False
    bpm_min: float | None = None
    bpm_max: float | None = None

    def options(self) -> Fields:
        """Write what is asked for beyond the default."""
        asked: Fields = {"stems": True} if self.stems else {}
        return asked | {
            name: value
            for name, value in (("bpm_min", self.bpm_min), ("bpm_max", self.bpm_max))
            if value is not None
        }

    def message(self, mount: Path) -> Fields:
        """Write the job as the fields of a message; `mount` is the folder that all parts share.

        Raises:
            Fault: The cue tracks cannot be read, or come in two ways, or this is not a job.

        """
        if not self.file:
            raise Fault("the name of the file is empty")
        options = self.options()
        fields: Fields = {"job_id": self._job_id(), **_path(self.file, mount)}
        tracks = self.tracks()
        if tracks:
            fields["cue_tracks"] = tracks
        if self.profile is not None:
            fields["profile"] = self.profile
        if options:
            fields["options"] = options
        _check(fields)
        return fields

    def tracks(self) -> list[Fields]:
        """Return the cue tracks.

        Raises:
            Fault: They cannot be read, or come in two ways.

        """
        if self.cue and self.cues is not None:
            raise Fault("give --cue or --cues, not both")
        if self.cues is not None:
            return read_cues(self.cues)
        return [parse_cue(text) for text in self.cue or []]

    def _job_id(self) -> int | str:
        if self.job_id is None:
            return f"{_readable(Path(self.file).stem) or 'job'}-{secrets.token_hex(3)}"
        is_number = re.fullmatch(r"0|-?[1-9][0-9]{0,18}", self.job_id)
        return int(self.job_id) if is_number else self.job_id


def _readable(name: str) -> str:
    """Write the name of a file in printable characters, as a job_id needs them, without an option's
    leading dash.
    """
    spaced = ("" if unicodedata.category(part) == "Cf" else part for part in name)
    printable = "".join(part if part.isprintable() else " " for part in spaced)
    return " ".join(printable.split()).lstrip("- ")[:_MAX_NAME_CHARS].rstrip()


def _check(fields: Fields) -> None:
    """Check a job as the controller will, before anything is sent.

    Raises:
        Fault: It would be refused.

    """
    from offbeat.job import JobRefused, encode_message, parse_job

    try:
        parse_job(encode_message(fields))
    except JobRefused as refused:
        raise Fault(str(refused)) from refused


def _path(file: str, mount: Path) -> Fields:
    """Name the file as the analyzer will see it: below the mount if it is there."""
    here, root = Path(file).absolute(), mount.absolute()
    if here.is_relative_to(root) and (Path(file).is_absolute() or _exists(here)):
        return {"relative_path": here.relative_to(root).as_posix()}
    return {"file_path" if Path(file).is_absolute() else "relative_path": file}


def _exists(path: Path) -> bool:
    """Return whether a file is there and may be seen; a name that is too long is not there."""
    try:
        return path.exists()
    except OSError:
        return False
