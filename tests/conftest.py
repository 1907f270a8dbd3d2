"""A rule for the whole suite: where `CI` is set, nothing may be skipped.

Elsewhere a test that lacks a program is skipped with a line that says what to install.
"""

import os
from collections.abc import Generator

import pytest

_IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}


def _forbid_skip(report: pytest.CollectReport | pytest.TestReport) -> None:
    if _IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skipped test into a failed one."""
    report = yield
    _forbid_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Turn a skipped module into a failed one."""
    report = yield
    _forbid_skip(report)
    return report
