"""What a browser has to complain of while pages are opened, and what axe-core finds on them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import ConsoleMessage, Page, Request, Response

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
EVERYTHING = {"type": "tag", "values": TAGS}
# All other rules read what no theme changes.
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
# A refused form or a missing page is told aloud by the browser, which is no fault of the page.
ANSWERED = "Failed to load resource: the server responded with a status of"
TELL_VIOLATIONS = """document.addEventListener("securitypolicyviolation",
  (event) => console.error(`CSP ${event.violatedDirective} refused ${event.blockedURI}`));"""
FOUND = """async (options) => {
  const found = await axe.run(document, options);
  return found.violations.map((rule) => [rule.id, rule.help, rule.nodes.map((node) =>
    [node.target.join(" "), node.html.slice(0, 200), node.any[0]?.message ?? ""])]);
}"""


@dataclass
class Watch:
    """Complaints of one page, each with the address that it was at."""

    page: Page
    home: str
    complaints: list[str] = field(default_factory=list)

    def complain(self, what: str) -> None:
        self.complaints.append(f"{self.page.url}: {what}")

    def heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(ANSWERED):
            self.complain(f"{message.type}: {message.text}")

    def asked(self, request: Request) -> None:
        if not request.url.startswith((self.home, "data:", "blob:")):
            self.complain(f"asked another site: {request.url}")

    def answered(self, response: Response) -> None:
        is_page = response.request.is_navigation_request()
        if response.status >= 400 and response.status != 422 and not is_page:
            self.complain(f"{response.status} from {response.url}")

    def failed(self, request: Request) -> None:
        # What is under way when the next page is opened is let go, which is no failure.
        if request.failure != "net::ERR_ABORTED":
            self.complain(f"{request.failure} from {request.url}")


def watch(page: Page, home: str) -> Watch:
    """Listen to everything a page does from now on."""
    watched = Watch(page, home)
    page.add_init_script(TELL_VIOLATIONS)
    page.on("console", watched.heard)
    page.on("pageerror", lambda error: watched.complain(f"threw {error}"))
    page.on("request", watched.asked)
    page.on("response", watched.answered)
    page.on("requestfailed", watched.failed)
    return watched


def load_axe(page: Page) -> None:
    """Put axe-core into the page from outside, where its policy for scripts does not reach."""
    session = page.context.new_cdp_session(page)
    session.send("Runtime.evaluate", {"expression": AXE_SCRIPT})
    session.detach()


def violations(page: Page, wanted: Mapping[str, object]) -> list[str]:
    """Return what axe-core finds on the page as it is shown now, a line for each element."""
    found = page.evaluate(FOUND, {"runOnly": wanted, "resultTypes": ["violations"]})
    return [
        f"{rule} ({words}) at {target}: {html} {message}"
        for rule, words, nodes in found
        for target, html, message in nodes
    ]
