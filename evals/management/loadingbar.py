"""The progress bar of a sweep: the level at hand, and how many answers of it were measured."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from evals.domain.throughput import SweepPlan
from evals.engine.throughput import Loading
from evals.management.progress import warnings_above


@contextmanager
def loading_bar(plan: SweepPlan) -> Iterator[Callable[[Loading], None]]:
    """Show a bar on stderr and yield what moves it."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    console = Console(stderr=True)
    with warnings_above(console), Progress(*columns, console=console) as bar:
        line = bar.add_task("loading", total=plan.samples)

        def show(loading: Loading) -> None:
            bar.update(
                line,
                description=f"{loading.concurrency} at once",
                total=plan.measured(loading.concurrency),
                completed=loading.measured,
            )

        yield show
