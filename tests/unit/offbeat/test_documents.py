"""What the documents show is what the code does."""

import json
import re
import tomllib
from pathlib import Path

import pytest

import offbeat
from offbeat.cli.exits import Exit
from offbeat.failure import RETRYABLE, FailureReason
from offbeat.job import parse_job
from offbeat.keys import QueueKeys
from offbeat.result import parse_result

ROOT = Path(__file__).parents[3]
CONTRACT = (ROOT / "docs" / "contract.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")


def examples(text: str) -> list[str]:
    """Return the JSON blocks of a document."""
    return re.findall(r"^```json\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("example", examples(CONTRACT) + examples(README))
def test_every_example_is_valid(example: str) -> None:
    """A reader can copy every job and every result."""
    if "status" in json.loads(example):
        assert parse_result(example)
    else:
        assert parse_job(example.encode())


@pytest.mark.parametrize("reason", FailureReason)
def test_every_reason_is_described(reason: FailureReason) -> None:
    """The table of reasons is whole, and says who may try again."""
    retryable = "yes" if reason in RETRYABLE else "no"
    assert re.search(rf"^\| `{reason.value}` \| .+ \| {retryable} \|$", CONTRACT, re.MULTILINE)


@pytest.mark.parametrize("code", Exit)
def test_every_exit_code_is_described(code: Exit) -> None:
    """Scripts can rely on the table."""
    assert re.search(rf"^\| {code.value} \| ", CONTRACT, re.MULTILINE)


def test_every_key_is_described() -> None:
    """The table of keys is whole."""
    keys = QueueKeys()
    own = [
        keys.inflight,
        keys.finishing,
        keys.schema,
        keys.owners,
        keys.due("<owner>"),
        keys.instances("<owner>"),
        keys.run("<run>").record,
        keys.run("<run>").settled,
        keys.job("<job_id>"),
        keys.dedup,
        keys.dead,
        keys.stats,
        keys.channel("<job_id>"),
    ]
    for key in own:
        assert f"| `{key.removeprefix(keys.prefix)}` |" in CONTRACT


def test_the_changelog_knows_this_version() -> None:
    """Code and changelog agree."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## \[(.+?)\]", changelog, re.MULTILINE)
    assert newest is not None
    assert newest[1] == offbeat.__version__


PAGES = sorted(
    page.relative_to(ROOT).as_posix()
    for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "examples" / "README.md")
)


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub and MkDocs give to the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    kept = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.strip().replace(" ", "-") for heading in kept}


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    """No relative link is dead, and no anchor in one."""
    path = ROOT / page
    links = re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", path.read_text(encoding="utf-8"))
    for file, anchor in links:
        target = path.parent / file if file else path
        assert target.exists(), file
        if anchor:
            assert anchor in anchors(target), f"{file}#{anchor}"


@pytest.mark.parametrize("page", PAGES)
def test_prose_has_short_lines(page: str) -> None:
    """A change shows what it changed; the rows of tables are as long as they must be."""
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if len(line) > 120 and not line.startswith("|")] == []


def test_the_glossary_is_short() -> None:
    """At most 40 words are ours; each stands there once."""
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    words = re.findall(r"^\| ([^|]+) \|", glossary, re.MULTILINE)[1:]
    assert len(words) == len(set(words)) <= 40


def test_the_import_rules_are_those_that_are_enforced() -> None:
    """Every chain of architecture.md is a contract of import-linter, and the other way round."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    block = re.search(r"^## Import rules$.*?^```\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert block is not None
    shown = {
        name: [set(layer.strip(" ()").split(" | ")) for layer in " ".join(chain.split()).split("→")]
        for name, chain in re.findall(r"^([\w.]+):((?:.|\n )+)", block[1], re.MULTILINE)
    }
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    enforced = {}
    for contract in project["tool"]["importlinter"]["contracts"]:
        if contract["type"] == "layers":
            package = contract["layers"][0].split(" | ")[0].rpartition(".")[0]
            enforced[package] = [
                {module.removeprefix(f"{package}.") for module in layer.split(" | ")}
                for layer in contract["layers"]
            ]
    assert shown == enforced
