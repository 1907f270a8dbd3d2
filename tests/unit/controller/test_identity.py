"""Who an installation in a cluster is, and that no two are the same."""

import pytest

from controller.identity import cluster_owner

PEM = b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


def test_a_cluster_is_known_by_its_certificate() -> None:
    """Ten digits of a hash, the namespace and the release."""
    assert cluster_owner(PEM, "music", "offbeat") == "6d20772b5f/music/offbeat"


def test_a_cluster_without_a_certificate_is_known_by_its_address() -> None:
    """As outside of a pod."""
    owner = cluster_owner("https://10.0.0.1:6443", "music", "offbeat")
    assert owner == cluster_owner("https://10.0.0.1:6443/\n", "music", "offbeat")
    assert owner != cluster_owner("https://10.0.0.2:6443", "music", "offbeat")


@pytest.mark.parametrize(
    "other",
    [
        cluster_owner(PEM, "music", "other"),
        cluster_owner(PEM, "other", "offbeat"),
        cluster_owner(PEM.replace(b"MIIB", b"MIIC"), "music", "offbeat"),
    ],
)
def test_every_installation_has_its_own_name(other: str) -> None:
    """Two clusters, namespaces or releases may share one queue."""
    assert cluster_owner(PEM, "music", "offbeat") != other


def test_blanks_around_a_certificate_do_not_count() -> None:
    """Kubernetes and people copy it with and without the last line break."""
    assert cluster_owner(PEM.strip(), "n", "r") == cluster_owner(PEM + b"\n", "n", "r")
