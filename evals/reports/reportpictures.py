"""Pictures of a report as static SVG, the same bytes for the same numbers."""

import io
from html import escape

from evals.domain.reportdocuments import IntervalMark, Picture

INK, MUTED, BAR = "#1c1e22", "#5f6470", "#2f5bd8"
OPEN, CLOSED = "o", "s"
LONGEST_NAME = 30
WIDTH, NAMES, RIGHT = 6.6, 2.3, 0.15  # inches


def picture_svg(picture: Picture) -> str:
    """Return the picture as an SVG element, readable in black and white."""
    # Heavy to import, and only exports draw.
    from matplotlib import rc_context  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    with rc_context({"svg.hashsalt": "viability", "svg.fonttype": "none", "font.size": 9}):
        height = 0.7 + 0.34 * len(picture.marks)
        figure = Figure(figsize=(WIDTH, height))
        place = (NAMES / WIDTH, 0.5 / height, 1 - (NAMES + RIGHT) / WIDTH, 1 - 0.6 / height)
        axes = figure.add_axes(place)
        for row, mark in enumerate(picture.marks):
            _draw(axes, mark, row)
        if picture.bar is not None:
            axes.axvline(picture.bar, color=BAR, linewidth=1.2, linestyle=(0, (4, 2)))
        axes.set_yticks(range(len(picture.marks)), map(_stand_in, range(len(picture.marks))))
        axes.set_ylim(len(picture.marks) - 0.5, -0.5)
        axes.set_xlabel(picture.axis, color=MUTED)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(axis="y", length=0)
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return _element(out.getvalue(), picture)


def shortened(name: str) -> str:
    """Return a name that fits beside the axis: its beginning and its end."""
    if len(name) <= LONGEST_NAME:
        return name
    end = LONGEST_NAME // 3
    return f"{name[: LONGEST_NAME - end - 1]}…{name[-end:]}"


def _stand_in(row: int) -> str:
    """Return what is drawn in place of a name, whose letters the drawing's font may not have."""
    return f"@{row}@"


def _draw(axes: object, mark: IntervalMark, place: int) -> None:
    if mark.value is None:
        return
    if mark.low is not None and mark.high is not None:
        axes.hlines(place, mark.low, mark.high, color=INK, linewidth=1.6)  # type: ignore[attr-defined]
    axes.plot(  # type: ignore[attr-defined]
        mark.value,
        place,
        OPEN if mark.is_open else CLOSED,
        color=INK,
        markerfacecolor="white" if mark.is_hollow else INK,
        markersize=6,
    )


def _element(svg: str, picture: Picture) -> str:
    """Return the element alone, with the names in it, named for those who do not see it."""
    element = svg[svg.index("<svg") :]
    for row, mark in enumerate(picture.marks):
        # Drawn again as a comment, which ends at two hyphens: only the text takes the name.
        element = element.replace(f"<!-- {_stand_in(row)} -->", "")
        element = element.replace(_stand_in(row), escape(shortened(mark.name)))
    return element.replace("<svg", f'<svg role="img" aria-label="{escape(picture.description)}"', 1)
