"""What the documents show is what the code does."""

import json
import re
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


@pytest.mark.parametrize("page", ["README.md", "docs/contract.md", "examples/README.md"])
def test_every_link_leads_somewhere(page: str) -> None:
    """No relative link is dead."""
    path = ROOT / page
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target
