"""Who this installation is: the owner of the runs that it claims.

A controller acts on its own runs only, so the name must be the same after a restart and another for
every other installation. It holds no secret.
"""

import hashlib

__all__ = ["cluster_owner"]

_CLUSTER_DIGITS = 10


def cluster_owner(cluster: bytes | str, namespace: str, release: str) -> str:
    """Name the installation of one release in one namespace of one cluster.

    Args:
        cluster: The PEM file of the cluster's CA, or the URL of its API server.
        namespace: Where the Jobs are.
        release: The Helm release.

    """
    if isinstance(cluster, str):
        cluster = cluster.strip().rstrip("/").encode()
    digest = hashlib.sha256(cluster.strip()).hexdigest()[:_CLUSTER_DIGITS]
    return f"{digest}/{namespace}/{release}"
