"""Store every result once. Needs nothing but redis-py: pip install redis.

python consumer.py results.sqlite
"""

import json
import os
import sqlite3
import sys
from typing import Any

import redis

QUEUE = os.environ.get("OFFBEAT_RESULTS_QUEUE", "audio_results_queue")


def main(database: str) -> None:
    client = redis.from_url(os.environ.get("OFFBEAT_REDIS_URL", "redis://localhost:6379/0"))
    store = sqlite3.connect(database)
    store.execute("CREATE TABLE IF NOT EXISTS results (run_id TEXT PRIMARY KEY, body TEXT)")
    while True:
        item = client.brpop([QUEUE], timeout=5)
        if item is None:
            continue
        try:
            handle(store, json.loads(item[1]))
        except Exception:
            client.rpush(QUEUE, item[1])  # not stored: back to where it came from
            raise


def handle(store: sqlite3.Connection, result: dict[str, Any]) -> None:
    with store:  # run_id is unique, so storing the same result twice changes nothing
        store.execute(
            "INSERT OR IGNORE INTO results VALUES (?, ?)", (result["run_id"], json.dumps(result))
        )
    match result["status"]:
        case "completed":
            figures = result["results"]["global"]
            tracks = result["results"]["tracks"]
            print(f"{result['job_id']}: {figures['duration_sec']:.1f} s, {len(tracks)} tracks")
        case "failed":
            again = "may be pushed again" if result["retryable"] else "must be mended first"
            print(f"{result['job_id']}: {result['reason']}: {result['error']} ({again})")
        case "cancelled":
            print(f"{result['job_id']}: cancelled")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "results.sqlite")
