"""Hands that never leave the keyboard."""

from playwright.sync_api import Page

FOCUSED = """() => {
  const e = document.activeElement;
  const label = e.labels && e.labels.length ? e.labels[0].innerText : "";
  return [e.name || "", e.value || "", (e.innerText || label || "").trim()];
}"""


def tab_to(page: Page, *, name: str = "", value: str = "", words: str = "") -> None:
    """Press Tab until the field of that name, or the thing of those words, has focus."""
    for _ in range(150):
        page.keyboard.press("Tab")
        found_name, found_value, found_words = page.evaluate(FOCUSED)
        if name and (found_name, value or found_value) == (name, found_value):
            return
        if words and words in found_words:
            return
    raise AssertionError(f"Tab never reached {name or words!r}")


def fill(page: Page, name: str, text: str) -> None:
    """Go to a field and write over what it holds."""
    tab_to(page, name=name)
    page.keyboard.press("Control+a")
    page.keyboard.type(text)


def press(page: Page, words: str) -> None:
    """Go to a button or link, press it, and wait for the page that comes."""
    tab_to(page, words=words)
    with page.expect_navigation():
        page.keyboard.press("Enter")
