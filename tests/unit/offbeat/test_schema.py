"""The committed JSON Schemas are those of the models."""

import json
from pathlib import Path

import jsonschema
import pytest

from offbeat.schema import main, schemas

FOLDER = Path(__file__).parents[3] / "docs" / "schema"


@pytest.mark.parametrize("name", ["job.schema.json", "result.schema.json"])
def test_the_committed_schema_is_current(name: str) -> None:
    """Whoever changes a model runs `python -m offbeat.schema`, too."""
    assert FOLDER.joinpath(name).read_text(encoding="utf-8") == schemas()[name]


def test_what_is_written_is_what_is_compared(tmp_path: Path) -> None:
    """The generator writes both files."""
    main(tmp_path / "new")
    written = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.glob("new/*")}
    assert written == schemas()


@pytest.mark.parametrize("name", ["job.schema.json", "result.schema.json"])
def test_a_schema_is_valid_itself(name: str) -> None:
    """Other languages' validators can load it."""
    jsonschema.Draft202012Validator.check_schema(json.loads(schemas()[name]))


def test_the_example_job_fits_its_schema() -> None:
    """A producer can check its messages before it pushes them."""
    job = {
        "job_id": 42,
        "relative_path": "a.mp3",
        "cue_tracks": [{"title": "x", "start_time_sec": 0}],
    }
    jsonschema.validate(job, json.loads(schemas()["job.schema.json"]))


def test_a_failed_result_fits_its_schema() -> None:
    """A consumer can check what it reads."""
    result = {
        "job_id": 43,
        "status": "failed",
        "error": "mixes/043.mp3: file not found",
        "reason": "file_not_found",
        "retryable": False,
        "run_id": "9f",
        "attempt": 1,
    }
    jsonschema.validate(result, json.loads(schemas()["result.schema.json"]))
