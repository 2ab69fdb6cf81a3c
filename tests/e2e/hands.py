"""Two ways to do the same: a story is told once, and lived by mouse and by keyboard alone."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from playwright.sync_api import Download, Locator, Page

MOST_STOPS = 250
FOCUSED = """() => {
  const e = document.activeElement;
  const label = e.labels && e.labels.length ? e.labels[0].innerText : "";
  return {name: e.name || "", value: e.value || "", tag: e.tagName,
    words: (e.innerText || label || "").replace(/\\s+/g, " ").trim()};
}"""
# A ring of at least two pixels around it or its label, and within the window.
SHOWN = """() => {
  const e = document.activeElement;
  const isRinged = (node, part) => {
    const style = node && getComputedStyle(node, part);
    return style && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  };
  const box = e.getBoundingClientRect();
  const isSeen = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  return isSeen && [isRinged(e), isRinged(e, "::after"), isRinged(e.parentElement)].some(Boolean);
}"""


class Hands(Protocol):
    """What a person does to a page; words are the first ones of a link or button, "Sign." all."""

    page: Page

    def press(self, words: str) -> None:
        """Press a link or button and wait for the page that comes."""

    def unfold(self, words: str) -> None:
        """Open what is folded away under these words."""

    def fill(self, name: str, text: str) -> None:
        """Write over what a field holds."""

    def choose(self, name: str, label: str) -> None:
        """Choose one of a field's options."""

    def tick(self, name: str, value: str) -> None:
        """Tick the box of that value."""

    def give(self, name: str, file: Path) -> None:
        """Choose a file."""

    def download(self, words: str) -> Download:
        """Press a link that gives a file."""


def starting(words: str) -> re.Pattern[str]:
    """Return the pattern of texts that begin with the words, whole; a full stop ends them."""
    is_all, stem = words.endswith("."), words.removesuffix(".")
    inside = r"(?!\w)" if stem[-1].isalnum() else ""
    return re.compile(rf"^\s*{re.escape(stem)}" + (r"\s*$" if is_all else inside))


class Mouse:
    """Hands that click."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, words: str) -> None:
        with self.page.expect_navigation():
            self._thing(words).click()

    def unfold(self, words: str) -> None:
        self._thing(words).click()

    def fill(self, name: str, text: str) -> None:
        self.page.locator(f"[name={name}]:visible").first.click()
        self.page.locator(f"[name={name}]:visible").first.fill(text)

    def choose(self, name: str, label: str) -> None:
        field = self.page.locator(f"[name={name}]:visible").first
        if field.evaluate("(each) => each.tagName") == "SELECT":
            field.select_option(label=label)
        else:
            self.page.locator(f"label:has([name={name}])", has_text=starting(label)).click()

    def tick(self, name: str, value: str) -> None:
        self.page.locator(f"[name={name}][value='{value}']").click()

    def give(self, name: str, file: Path) -> None:
        with self.page.expect_file_chooser() as chooser:
            self.page.locator(f"[name={name}]").click()
        chooser.value.set_files(file)

    def download(self, words: str) -> Download:
        with self.page.expect_download() as begun:
            self._thing(words).click()
        return begun.value

    def _thing(self, words: str) -> Locator:
        things = self.page.locator("a, button, summary").filter(has_text=starting(words))
        return things.filter(visible=True).first


class Keyboard:
    """Hands that never leave the keyboard; wherever they stop, the focus has to be seen."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, words: str) -> None:
        self._go_to(words)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def unfold(self, words: str) -> None:
        self._go_to(words)
        self.page.keyboard.press("Enter")

    def fill(self, name: str, text: str) -> None:
        self._go_to_field(name)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)

    def choose(self, name: str, label: str) -> None:
        if self._go_to_field(name)["tag"] == "SELECT":
            self.page.keyboard.type(label)
            return
        self.page.keyboard.press("Space")
        for _ in range(10):
            if self._focused()["words"].startswith(label):
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"no arrow key led to {label!r}")

    def tick(self, name: str, value: str) -> None:
        self._stop_at(lambda at: (at["name"], at["value"]) == (name, value), f"{name}={value}")
        self.page.keyboard.press("Space")

    def give(self, name: str, file: Path) -> None:
        self._go_to_field(name)
        with self.page.expect_file_chooser() as chooser:
            self.page.keyboard.press("Space")
        chooser.value.set_files(file)

    def download(self, words: str) -> Download:
        self._go_to(words)
        with self.page.expect_download() as begun:
            self.page.keyboard.press("Enter")
        return begun.value

    def _go_to(self, words: str) -> None:
        things, begins = {"A", "BUTTON", "SUMMARY"}, starting(words)
        self._stop_at(
            lambda at: at["tag"] in things and begins.search(at["words"]) is not None, repr(words)
        )

    def _go_to_field(self, name: str) -> dict[str, str]:
        return self._stop_at(lambda at: at["name"] == name, f"the field {name!r}")

    def _stop_at(self, is_wanted: Callable[[dict[str, str]], bool], what: str) -> dict[str, str]:
        """Press Tab until the focus is where it should be."""
        stops = []
        for _ in range(MOST_STOPS):
            self.page.keyboard.press("Tab")
            found = self._focused()
            stops.append(found["words"] or found["name"] or found["tag"])
            if is_wanted(found):
                assert self.page.evaluate(SHOWN), f"the focus is not to be seen on {what}"
                return found
        raise AssertionError(f"Tab never reached {what}, it stopped at {stops}")

    def _focused(self) -> dict[str, str]:
        found: dict[str, str] = self.page.evaluate(FOCUSED)
        return found


BOTH: Sequence[type[Mouse] | type[Keyboard]] = (Mouse, Keyboard)
