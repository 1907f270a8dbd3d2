"""A loop that falls silent is seen; one that waits is not."""

from controller.health import Heartbeats


def test_silence() -> None:
    """Only a silence beyond the limit counts, and a tick ends it."""
    now = 0.0
    beats = Heartbeats(clock=lambda: now)
    tick = beats.expect("dispatch", within_sec=10)
    now = 9.0
    assert beats.silent() == {}
    now = 11.0
    assert beats.silent() == {"dispatch": 11.0}
    tick()
    assert beats.silent() == {}
