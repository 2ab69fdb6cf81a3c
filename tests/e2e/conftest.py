"""A real browser against a real server; jobs run where they are rung for."""

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.e2e.watching import Watch, watch
from viability.celery import app

# Playwright keeps an event loop running in this thread, which Django takes for an async caller.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, object]:
    """Start the system's Chromium, which brings no sandbox for root."""
    return {
        "executable_path": shutil.which("chromium"),
        "args": ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
    }


@pytest.fixture
def eager() -> Iterator[None]:
    """Let every job run at once, in the thread that rings for it."""
    app.loader.import_default_modules()  # a job runs eagerly only where it is known
    before = app.conf.task_always_eager
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = before


@pytest.fixture
def open_page(browser: Browser, live_server, transactional_db) -> Iterator[OpenPage]:
    """Open pages with any settings; whatever the browser complains of fails the story."""
    contexts: list[BrowserContext] = []
    watched: list[Watch] = []

    def opened(**settings: object) -> Page:
        context = browser.new_context(base_url=live_server.url, **settings)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        watched.append(watch(page, live_server.url))
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not [line for each in watched for line in each.complaints]
