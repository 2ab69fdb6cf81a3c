"""The progress bar of a headless evaluation: rate, time left, errors and spend."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.core.management.base import OutputWrapper
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bar
from rich.text import Text

from evals.services.headless import Progress


class RateColumn(ProgressColumn):
    """Trials stored per second."""

    def render(self, task: Task) -> Text:
        return Text("-/s" if task.speed is None else f"{task.speed:.1f}/s")


@contextmanager
def progress_bar(stream: OutputWrapper) -> Iterator[Callable[[Progress], None]]:
    """Show a bar on `stream` and yield what moves it; where there is no terminal, a last line."""
    console = Console(file=stream, stderr=True)  # type: ignore[arg-type]
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        RateColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[errors]} errors · {task.fields[spent]}"),
    )
    with Bar(*columns, console=console) as bar:
        line = bar.add_task("evaluating", total=None, errors=0, spent="$?")

        def show(progress: Progress) -> None:
            bar.update(
                line,
                total=progress.planned,
                completed=progress.done,
                errors=progress.errors,
                spent=_spent(progress),
            )

        yield show


def _spent(progress: Progress) -> str:
    if progress.spent_usd is None:
        return "cost unknown"
    return f"${progress.spent_usd:.4f}{' est.' if progress.estimated else ''}"
