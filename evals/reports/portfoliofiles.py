"""The portfolio as a table for a spreadsheet: what the page shows, in full figures."""

import csv
from io import StringIO

from evals.queries.portfolio import GridRow, PortfolioPage

FORMULA = ("=", "+", "-", "@", "\t", "\r")
HEADER = (
    *("task", "incumbent", "incumbent_simulated", "can_move", "answered", "expires", "stale"),
    *("usd_a_month_today", "best_go", "best_go_simulated", "usd_a_month_with_best_go"),
    *("shock", "under_shock", "usd_a_month_under_shock", "under_shock_words", "why"),
)


def portfolio_csv(page: PortfolioPage) -> str:
    """Return the rows of the page as CSV, with a column for each candidate's verdict."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow([*HEADER, *map(_cell, page.columns), "other_candidates"])
    shock = page.shock.name if page.shock else ""
    for row in page.rows:
        writer.writerow(map(_cell, _values(row, shock)))
    return text.getvalue()


def _values(row: GridRow, shock: str) -> list[str]:
    money, exact = row.money, row.exact
    verdicts = [cell.verdict.verdict if cell.verdict else "" for cell in row.cells]
    others = "; ".join(f"{cell.candidate}: {cell.verdict}" for cell in row.others)
    return [
        *(row.name, row.incumbent, _flag(is_true=row.is_incumbent_simulated)),
        *(row.answer or "not evaluated", row.answered_on, exact.expires, row.expiry.note),
        *(exact.today_usd, money.best, _flag(is_true=money.is_best_simulated), exact.best_usd),
        *(shock, money.label, exact.under_usd, money.under, money.reason),
        *(*verdicts, others),
    ]


def _flag(*, is_true: bool) -> str:
    return "simulated" if is_true else ""


def _cell(text: str) -> str:
    """Return the text so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text
