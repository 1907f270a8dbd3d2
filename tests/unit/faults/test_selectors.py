"""Selectors of the small API server."""

import pytest

from tests.faults.bare.selectors import field_matcher, label_matcher

JOB = {
    "metadata": {"labels": {"a/b": "x", "c": "y"}},
    "status": {"phase": "Failed", "succeeded": 1},
}


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("", True),
        ("a/b", True),
        ("d", False),
        ("!d", True),
        ("!c", False),
        ("a/b=x,c=y", True),
        ("a/b==x", True),
        ("a/b!=x", False),
        ("a/b=x,c in (z,y),!d", True),
        ("a/b=x,c in (z),!d", False),
    ],
)
def test_labels(selector: str, expected: bool) -> None:
    """Every form that Offbeat and kopf use is understood."""
    assert label_matcher(selector)(JOB) is expected


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("", True),
        ("status.phase=Failed", True),
        ("status.phase=Running", False),
        ("status.successful=1", True),
        ("status.successful=0", False),
        ("metadata.namespace=x", False),
    ],
)
def test_fields(selector: str, expected: bool) -> None:
    """Fields are compared as text."""
    assert field_matcher(selector)(JOB) is expected
