"""Which limits hold: the job's go before the operator's."""

from analyzer.options import Options
from analyzer.settings import AnalyzerSettings
from offbeat.job import JobOptions


def limits(**more: object) -> AnalyzerSettings:
    """Return an operator's settings."""
    return AnalyzerSettings.model_validate({"run_id": "r"} | more)


def test_without_limits_all_tempi_are_considered() -> None:
    """None is ruled out."""
    assert Options.of(limits(), JobOptions()).allowed_bpm is None


def test_the_operators_limits_hold_where_the_job_has_none() -> None:
    """Each by itself."""
    options = Options.of(limits(bpm_min=70.0, bpm_max=180.0), JobOptions(bpm_max=140.0))
    assert options.allowed_bpm == (70.0, 140.0)


def test_one_limit_leaves_the_other_side_open() -> None:
    """Up to any tempo."""
    assert Options(bpm_min=100.0).allowed_bpm == (100.0, float("inf"))
