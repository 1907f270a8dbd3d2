"""Every name that more than one part must agree on.

Redis keys, labels, annotations, environment names and paths.
"""

from dataclasses import dataclass

__all__ = ["QueueKeys", "RunKeys"]

ENV_PREFIX = "OFFBEAT_"
ENV_REDIS_URL = "OFFBEAT_REDIS_URL"
ENV_REDIS_CA_FILE = "OFFBEAT_REDIS_CA_FILE"
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
REDIS_CA_MOUNT_PATH = "/etc/offbeat-redis-ca"
REDIS_CA_FILE_NAME = "ca.crt"
TERMINATION_LOG_PATH = "/dev/termination-log"


SCHEMA_VERSION = "1"
"""Layout of the keys below. A controller that meets another one claims nothing."""


@dataclass(frozen=True)
class RunKeys:
    """The Redis keys of one run."""

    record: str
    """HASH: owner, state, attempt, raw, sha, job_id, job, reason, error, progress, stage, times."""
    settled: str
    """STRING: `delivering`, or the status of the delivered result. It outlives every Job."""


@dataclass(frozen=True)
class QueueKeys:
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
    def schema(self) -> str:
        """STRING: version of the layout."""
        return f"{self.prefix}schema"

    @property
    def inflight(self) -> str:
        """ZSET run_id → time of its claim: claimed and not settled, of all owners."""
        return f"{self.prefix}inflight"

    @property
    def finishing(self) -> str:
        """ZSET run_id → time of its result: settled, while its Job still holds a slot."""
        return f"{self.prefix}finishing"

    @property
    def owners(self) -> str:
        """HASH owner → when one of its controllers was last seen."""
        return f"{self.prefix}owners"

    @property
    def dedup(self) -> str:
        """HASH sha1 of the message → run_id, while in flight."""
        return f"{self.prefix}dedup"

    @property
    def dead(self) -> str:
        """LIST of JSON copies of messages that failed, newest first."""
        return f"{self.prefix}dead"

    @property
    def dead_bytes(self) -> str:
        """STRING: sum of the lengths of all dead letters."""
        return f"{self.prefix}dead:bytes"

    @property
    def stats(self) -> str:
        """HASH of counters that only grow: claimed, coalesced, settled, duplicates."""
        return f"{self.prefix}stats"

    @property
    def run_prefix(self) -> str:
        """What the records of runs begin with."""
        return f"{self.prefix}run:"

    def due(self, owner: str) -> str:
        """Return the ZSET run_id → when to look at it: the runs of an owner that hold a slot."""
        return f"{self.prefix}due:{owner}"

    def instances(self, owner: str) -> str:
        """Return the HASH controller instance → nonce of its last claim, and when."""
        return f"{self.prefix}instances:{owner}"

    def run(self, run_id: str) -> RunKeys:
        """Return the keys of one run."""
        return RunKeys(
            record=f"{self.run_prefix}{run_id}", settled=f"{self.prefix}settled:{run_id}"
        )

    def job(self, job_id: int | str) -> str:
        """Return the STRING that names the latest run of a job_id."""
        return f"{self.prefix}job:{job_id}"

    def channel(self, job_id: int | str) -> str:
        """Return the Pub/Sub channel on which a copy of the job's result is announced."""
        return f"{self.prefix}done:{job_id}"
