"""The progress bar of a job that somebody waits for."""

from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from offbeat.submission import Progress as JobProgress

__all__ = ["Bar", "describe"]


class Bar:
    """A bar on standard error while the `with` block runs; on a pipe it writes nothing."""

    def __init__(self, title: str) -> None:
        console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.fields[title]}", markup=False),
            BarColumn(),
            TextColumn("{task.description}", markup=False),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("queued", total=None, title=title)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def show(self, progress: "JobProgress") -> None:
        """Show where the job is."""
        fraction = progress.fraction
        self._bar.update(
            self._task,
            description=describe(progress),
            total=None if fraction is None else 1.0,
            completed=fraction or 0.0,
        )


def describe(progress: "JobProgress") -> str:
    """Say in a few words where a job is."""
    if progress.state == "queued" and progress.ahead:
        return f"queued, {progress.ahead:,} ahead"
    if progress.state == "running" and progress.fraction is not None:
        return f"{progress.stage or 'running'} {progress.fraction:.0%}"
    return progress.state
