"""Names and labels for Kubernetes from job_ids that producers choose freely.

Requirements: a Job's name becomes a label of its Pods and a prefix of their names, so it must be a
DNS label of at most 57 characters (Kubernetes appends 6); a label's value has at most 63 of
`[A-Za-z0-9._-]` and begins and ends with a letter or a digit; and two job_ids that differ in their
text must not look the same to `kubectl get jobs -L`.
"""

import hashlib
import re

__all__ = ["HELM_TEST_JOB_ID_PREFIX", "job_name", "label_value"]

HELM_TEST_JOB_ID_PREFIX = "helm-test-"
"""What the job_ids of `helm test` begin with; `label_value` keeps it."""

_SLUG_LENGTH = 28
# 60 random bits of a version 4 UUID, so that two runs do not share a name even among millions of
# Jobs. A name is a function of its attempt alone, so a clash could not be solved by another name.
_RUN_LENGTH = 16
_LABEL_LENGTH = 63


def job_name(job_id: int | str, run_id: str, number: int) -> str:
    """Return the name of one attempt's Job.

    Guarantees: the same arguments give the same name, another run or attempt another; it is a DNS
    label of at most 57 characters for attempts up to 999.
    """
    slug = re.sub(r"[^a-z0-9]+", "-", str(job_id).lower()).strip("-")[:_SLUG_LENGTH].strip("-")
    return "-".join(filter(None, ("offbeat", slug, run_id[:_RUN_LENGTH], str(number))))


def label_value(job_id: int | str) -> str:
    """Return a job_id as the value of a label.

    Guarantees: a job_id that is a valid value stays as it is; any other gets the hash of itself at
    its end.
    """
    text = str(job_id)
    if len(text) <= _LABEL_LENGTH and re.fullmatch(
        r"[A-Za-z0-9]([-A-Za-z0-9._]*[A-Za-z0-9])?", text
    ):
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    readable = re.sub(r"[^A-Za-z0-9._-]+", "-", text)[: _LABEL_LENGTH - 9].strip("-._")
    return f"{readable}-{digest}" if readable else digest
