"""Messages of many producers: the same job as six encoders write it."""

import json
from collections.abc import Callable

__all__ = ["STYLES", "job_id_of", "message"]

_CUES = 5
_JOB_ID_KINDS = 3


def job_id_of(number: int) -> int | str:
    """Return the job_id of a message: in turn an integer, a string and one that is not ASCII."""
    kind = number % _JOB_ID_KINDS
    return (number + 1_000_000, f"mix-{number:07}", f"Größe {number:07}")[kind]


def message(number: int, job_id: int | str | None = None) -> bytes:
    """Write a message in the style that its number chooses."""
    named = job_id_of(number) if job_id is None else job_id
    style = list(STYLES.values())[number // _JOB_ID_KINDS % len(STYLES)]
    return style(_job(number, named)).encode()


def _job(number: int, job_id: int | str) -> dict[str, object]:
    cues = [
        {
            "title": f"Café {number % 97} & Søn" if place % 2 else f"Track {place} (Night Mix)",
            "artist": "Jürgen/Nuñez" if place == 0 else "Artist",
            "start_time_sec": 312.5 * place,
        }
        for place in range(_CUES)
    ]
    if number % 50 == 0:
        cues[0]["title"] = "I <3 House"
    return {
        "job_id": job_id,
        "relative_path": f"mixes/{number % 1000:04}/Été {number}.mp3",
        "cue_tracks": cues,
        "enqueued_at": 1_732_400_000.25 + number / 8,
    }


def _python(job: dict[str, object]) -> str:
    return json.dumps(job)


def _javascript(job: dict[str, object]) -> str:
    return json.dumps(job, ensure_ascii=False, separators=(",", ":"))


def _php(job: dict[str, object]) -> str:
    """Escape slashes and whatever is not ASCII, as json_encode does by default."""
    return json.dumps(job, separators=(",", ":")).replace("/", "\\/")


def _go(job: dict[str, object]) -> str:
    """Escape what HTML could take for its own, as encoding/json does by default."""
    text = _javascript(job)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _by_hand(job: dict[str, object]) -> str:
    """Name the job last, on a separate line."""
    rest = {name: value for name, value in job.items() if name != "job_id"}
    return json.dumps(rest | {"job_id": job["job_id"]}, indent=2)


def _upper(job: dict[str, object]) -> str:
    """Escape the same signs in upper-case hex, as some encoders do."""
    text = json.dumps(job, ensure_ascii=False)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04X}")
    return text


STYLES: dict[str, Callable[[dict[str, object]], str]] = {
    "python": _python,
    "javascript": _javascript,
    "php": _php,
    "go": _go,
    "by hand": _by_hand,
    "upper case": _upper,
}
"""Encoder → how it writes a job."""
