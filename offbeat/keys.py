"""Every name that more than one part must agree on.

Redis keys, labels, annotations, environment names and paths.
"""

from dataclasses import dataclass

__all__ = ["Keys"]

ENV_PREFIX = "OFFBEAT_"
ENV_REDIS_URL = "OFFBEAT_REDIS_URL"
ENV_ANALYSIS_QUEUE = "OFFBEAT_ANALYSIS_QUEUE"
ENV_RESULTS_QUEUE = "OFFBEAT_RESULTS_QUEUE"
ENV_SHARED_MOUNT_PATH = "OFFBEAT_SHARED_MOUNT_PATH"
ENV_OUTPUT_MOUNT_PATH = "OFFBEAT_OUTPUT_MOUNT_PATH"
ENV_LOG_LEVEL = "OFFBEAT_LOG_LEVEL"
ENV_LOG_FORMAT = "OFFBEAT_LOG_FORMAT"
ENV_PAYLOAD_FILE = "OFFBEAT_PAYLOAD_FILE"
ENV_RUN_ID = "OFFBEAT_RUN_ID"
ENV_ATTEMPT = "OFFBEAT_ATTEMPT"
ENV_TERMINATION_LOG = "OFFBEAT_TERMINATION_LOG"

DEFAULT_ANALYSIS_QUEUE = "audio_analysis_queue"
DEFAULT_RESULTS_QUEUE = "audio_results_queue"
DEFAULT_SHARED_MOUNT_PATH = "/mnt/audio-storage"
DEFAULT_OUTPUT_MOUNT_PATH = "/mnt/offbeat-output"

LABEL_MANAGED_BY = "app.kubernetes.io/managed-by"
LABEL_RELEASE = "offbeat.io/release"
LABEL_JOB_ID = "offbeat.io/job-id"
LABEL_RUN = "offbeat.io/run"
LABEL_ATTEMPT = "offbeat.io/attempt"
LABEL_PROFILE = "offbeat.io/profile"
LABEL_SETTLED = "offbeat.io/settled"
LABEL_REASON = "offbeat.io/reason"

ANNOTATION_PAYLOAD = "offbeat.io/payload"

PAYLOAD_MOUNT_PATH = "/etc/offbeat"
PAYLOAD_FILE_NAME = "payload"
TERMINATION_LOG_PATH = "/dev/termination-log"


@dataclass(frozen=True)
class Keys:
    """The Redis keys of one analysis queue.

    They share one Redis Cluster slot with the queue: the prefix carries the queue's own hash tag,
    or its name as one.
    """

    queue: str = DEFAULT_ANALYSIS_QUEUE
    results: str = DEFAULT_RESULTS_QUEUE

    @property
    def prefix(self) -> str:
        """What every key below begins with."""
        return f"{self.queue}:" if "{" in self.queue else f"{{{self.queue}}}:"

    @property
    def inflight(self) -> str:
        """ZSET run → time of its claim: claimed and not settled."""
        return f"{self.prefix}inflight"

    @property
    def finishing(self) -> str:
        """ZSET run → time of its settlement: settled, while its Job still holds a place."""
        return f"{self.prefix}finishing"

    @property
    def dedup(self) -> str:
        """HASH sha1 of the message → run, while in flight."""
        return f"{self.prefix}dedup"

    @property
    def dead(self) -> str:
        """LIST of JSON copies of messages that failed, newest first."""
        return f"{self.prefix}dead"

    @property
    def stats(self) -> str:
        """HASH of counters that only grow: claimed, coalesced, settled, duplicates."""
        return f"{self.prefix}stats"

    @property
    def run_prefix(self) -> str:
        """What the keys of `run` begin with."""
        return f"{self.prefix}run:"

    def run(self, run: str) -> str:
        """Return the HASH of one run: message, job_id, attempt, state, reason, progress, times."""
        return f"{self.run_prefix}{run}"

    def settled(self, run: str) -> str:
        """Return the STRING that exists once the run has its result; it outlives every Job."""
        return f"{self.prefix}settled:{run}"

    def job(self, job_id: int | str) -> str:
        """Return the STRING that names the latest run of a job_id."""
        return f"{self.prefix}job:{job_id}"

    def channel(self, job_id: int | str) -> str:
        """Return the Pub/Sub channel on which a copy of the job's result is announced."""
        return f"{self.prefix}done:{job_id}"
