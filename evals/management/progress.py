"""The progress bar of a headless evaluation: rate, time left, errors and spend."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.logging import RichHandler
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
        """Return the rate, or a dash before there is one."""
        return Text("-/s" if task.speed is None else f"{task.speed:.1f}/s")


@contextmanager
def progress_bar() -> Iterator[Callable[[Progress], None]]:
    """Show a bar on stderr and yield what moves it; where there is no terminal, a last line."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        RateColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[errors]} errors · {task.fields[spent]}"),
    )
    with warnings_above(console), Bar(*columns, console=console) as bar:
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


@contextmanager
def warnings_above(console: Console) -> Iterator[None]:
    """Print warnings above the bar, and nothing that is less: the bar says it."""
    logger = logging.getLogger("evals")
    handler = RichHandler(logging.WARNING, console=console, show_path=False)
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.WARNING)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
        logger.propagate = True


def _spent(progress: Progress) -> str:
    if progress.spent_usd is None:
        return "cost unknown"
    return f"${progress.spent_usd:.4f}{' est.' if progress.estimated else ''}"
