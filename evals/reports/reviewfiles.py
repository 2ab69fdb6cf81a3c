"""What waits for a person, as a table for a spreadsheet."""

import csv
from io import StringIO

from evals.queries.reviewitems import ReviewPage
from evals.reports.cells import plain_cell

HEADER = ("list", "what", "state", "why", "since", "address")


def review_csv(page: ReviewPage) -> str:
    """Return a row for each thing that the page shows."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for each in page.lists:
        for item in each.items:
            row = (each.key, item.title, item.badge, item.why, item.iso, item.url)
            writer.writerow(map(plain_cell, row))
    return text.getvalue()
