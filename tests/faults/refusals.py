"""What an API server, or something before it, says when it refuses: texts as the real ones are."""

import json
from dataclasses import dataclass, field

from tests.faults.plan import FaultKind

__all__ = ["Refusal", "refusal_for"]

_QUOTA = (
    'jobs.batch "{name}" is forbidden: exceeded quota: team, requested: count/jobs.batch=1, '
    "used: count/jobs.batch=50, limited: count/jobs.batch=50"
)
_RIGHT = (
    'jobs.batch is forbidden: User "system:serviceaccount:music:offbeat" cannot {verb} resource '
    '"jobs" in API group "batch" in the namespace "music"'
)
_POLICY = (
    "jobs.batch \"{name}\" is forbidden: ValidatingAdmissionPolicy 'images' with binding "
    "'images' denied request: the image comes from no registry of ours"
)
_WEBHOOK = 'admission webhook "images.example.org" denied the request: no such registry'
_INVALID = (
    'Job.batch "{name}" is invalid: spec.template.spec.containers[0].resources.requests: '
    'Invalid value: "2": must be less than or equal to cpu limit of 1'
)
_CONFLICT = (
    'Operation cannot be fulfilled on resourcequotas "team": the object has been modified; '
    "please apply your changes to the latest version and try again"
)


@dataclass(frozen=True)
class Refusal:
    """An answer that is not a success."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def refusal_for(kind: FaultKind, method: str, name: str, variation: int) -> Refusal | None:
    """Return the answer that a fault gives to a request for Jobs; None if it lets it pass."""
    creates = method == "POST"
    match kind:
        case FaultKind.API_QUOTA if creates:
            return _status(403, "Forbidden", _QUOTA.format(name=name))
        case FaultKind.API_RBAC:
            verbs = {"POST": "create", "GET": "list", "PATCH": "patch", "DELETE": "delete"}
            return _status(403, "Forbidden", _RIGHT.format(verb=verbs[method]))
        case FaultKind.API_ADMISSION if creates:
            text = (_POLICY, _WEBHOOK)[variation % 2]
            return _status((403, 400)[variation % 2], "Forbidden", text.format(name=name))
        case FaultKind.API_INVALID if creates:
            return _status(422, "Invalid", _INVALID.format(name=name))
        case FaultKind.API_NOT_FOUND if creates and variation % 2:
            return _status(404, "NotFound", 'namespaces "music" not found')
        case FaultKind.API_NOT_FOUND:
            return Refusal(404, b"<html>no such page</html>", {"Content-Type": "text/html"})
        case FaultKind.API_CONFLICT if creates:
            return _status(409, "Conflict", _CONFLICT)
        case FaultKind.API_THROTTLED:
            headers = {"Retry-After": "1"}
            return _status(429, "TooManyRequests", "too many requests", headers)
        case FaultKind.API_ERROR if variation % 2:
            return Refusal(503, b"upstream connect error", {"Content-Type": "text/plain"})
        case FaultKind.API_ERROR:
            return _status(500, "InternalError", "etcdserver: request timed out")
    return None


def _status(code: int, reason: str, message: str, headers: dict[str, str] | None = None) -> Refusal:
    body = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": reason,
        "code": code,
    }
    found = {"Content-Type": "application/json"} | (headers or {})
    return Refusal(code, json.dumps(body).encode(), found)
