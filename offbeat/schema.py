"""JSON Schemas of job and result, for producers and consumers in other languages.

`python -m offbeat.schema docs/schema` writes them; a test keeps them equal to the models.
"""

import json
import sys
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from offbeat.job import Job
from offbeat.result import CancelledResult, CompletedResult, FailedResult, Result

__all__ = ["main", "schemas"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, str]:
    """Return file name → text of each schema."""
    result: TypeAdapter[CompletedResult | FailedResult | CancelledResult] = TypeAdapter(Result)
    return {
        "job.schema.json": _text(Job.model_json_schema(mode="validation"), "Offbeat job"),
        "result.schema.json": _text(result.json_schema(mode="serialization"), "Offbeat result"),
    }


def main(folder: Path) -> None:
    """Write the schemas into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in schemas().items():
        (folder / name).write_text(text, encoding="utf-8")


def _text(schema: dict[str, Any], title: str) -> str:
    head = {"$schema": _DIALECT, "title": title}
    return json.dumps(head | schema, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/schema"))
