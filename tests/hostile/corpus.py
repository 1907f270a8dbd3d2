"""The whole corpus, written to a folder with what must become of each file."""

import json
from dataclasses import asdict
from pathlib import Path

from tests.hostile import boxes, impostors, mpeg, plain, waves, xiph
from tests.hostile.case import Case, Outcome, Refused
from tests.hostile.seeds import Seeds

__all__ = ["CASES", "MANIFEST", "write"]

MANIFEST = "expected.json"

CASES: dict[str, Case] = {
    case.name: case
    for module in (plain, waves, xiph, mpeg, boxes, impostors)
    for case in module.CASES
}


def write(folder: Path, seeds: Seeds) -> None:
    """Write every file, and a manifest of the outcomes that are right for it."""
    folder.mkdir(parents=True, exist_ok=True)
    for case in CASES.values():
        (folder / case.name).write_bytes(case.build(seeds))
    expected = {name: [_told(outcome) for outcome in case.outcomes] for name, case in CASES.items()}
    (folder / MANIFEST).write_text(json.dumps(expected, indent=1) + "\n")


def _told(outcome: Outcome) -> dict[str, object]:
    status = "failed" if isinstance(outcome, Refused) else "completed"
    code = {"exit_code": outcome.exit_code} if isinstance(outcome, Refused) else {}
    return {"status": status, **asdict(outcome), **code}
