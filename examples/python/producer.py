"""Push one job per audio file. Needs nothing but redis-py: pip install redis.

python producer.py mixes/042.mp3 mixes/043.mp3
"""

import json
import os
import sys
import time
import uuid

import redis

QUEUE = os.environ.get("OFFBEAT_ANALYSIS_QUEUE", "audio_analysis_queue")


def main(paths: list[str]) -> None:
    client = redis.from_url(os.environ.get("OFFBEAT_REDIS_URL", "redis://localhost:6379/0"))
    for path in paths:
        job = {
            "job_id": str(uuid.uuid4()),  # your own id; it comes back unchanged
            "relative_path": path,  # below the folder that the analyzer mounts
            "enqueued_at": time.time(),
            # "cue_tracks": [{"title": "Intro", "start_time_sec": 0.0}],
        }
        client.lpush(QUEUE, json.dumps(job))
        print(job["job_id"], path)


if __name__ == "__main__":
    main(sys.argv[1:])
