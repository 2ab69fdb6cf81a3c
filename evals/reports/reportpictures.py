"""Pictures of a report as static SVG, the same bytes for the same numbers."""

import io

from evals.domain.reportdocuments import IntervalMark, Picture

INK, MUTED, BAR = "#1c1e22", "#5f6470", "#2f5bd8"
OPEN, CLOSED = "o", "s"


def picture_svg(picture: Picture) -> str:
    """Return the picture as an SVG element, readable in black and white."""
    # Heavy to import, and only exports draw.
    from matplotlib import rc_context  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    with rc_context({"svg.hashsalt": "viability", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=(6.6, 0.7 + 0.34 * len(picture.marks)), layout="constrained")
        axes = figure.add_subplot()
        for place, mark in enumerate(picture.marks):
            _draw(axes, mark, place)
        if picture.bar is not None:
            axes.axvline(picture.bar, color=BAR, linewidth=1.2, linestyle=(0, (4, 2)))
        axes.set_yticks(range(len(picture.marks)), [mark.name for mark in picture.marks])
        axes.set_ylim(len(picture.marks) - 0.5, -0.5)
        axes.set_xlabel(picture.axis, color=MUTED)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(axis="y", length=0)
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return _element(out.getvalue(), picture)


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
    """Return the element alone, named for those who do not see it."""
    element = svg[svg.index("<svg") :]
    label = picture.description.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return element.replace("<svg", f'<svg role="img" aria-label="{label}"', 1)
