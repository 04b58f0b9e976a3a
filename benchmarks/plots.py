"""Drawing of figures as SVG files for light and dark pages; the same figures give the same files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.report import Figure

__all__ = ["draw"]

_COLOURS: Final = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9")
"""Colours that colour-blind people can also distinguish (Okabe and Ito)."""
_BAR: Final = 0.38


def draw(figures: Sequence[Figure], folder: Path) -> None:
    """Write each figure to a file of its name.

    Raises:
        ImportError: matplotlib is not installed.

    """
    import matplotlib as mpl  # noqa: PLC0415 - it is optional
    from matplotlib.figure import Figure as Canvas  # noqa: PLC0415 - as above

    folder.mkdir(exist_ok=True)
    with mpl.rc_context({"svg.hashsalt": "letta_async", "svg.fonttype": "none", "font.family": "sans-serif"}):
        for figure in figures:
            canvas = Canvas(layout="constrained", facecolor="white")
            axes: Any = canvas.subplots()
            (_lines if figure.over else _bars)(canvas, axes, figure)
            axes.set_title(figure.title)
            axes.spines[["top", "right"]].set_visible(False)
            if len(figure.series) > 1:
                axes.legend(frameon=False)
            canvas.savefig(folder / f"{figure.name}.svg", metadata={"Date": None})


def _bars(canvas: Any, axes: Any, figure: Figure) -> None:
    """Draw a bar for each category and series, the least on top, each with its value."""
    first = next(iter(figure.series.values()))
    names = sorted(first, key=lambda name: first[name])
    canvas.set_size_inches(9, 0.8 + _BAR * len(names) * len(figure.series))
    height = 0.8 / len(figure.series)
    for number, (name, values) in enumerate(figure.series.items()):
        places = [place + (number - (len(figure.series) - 1) / 2) * height for place in range(len(names))]
        bars = axes.barh(places, [values[way] for way in names], height, label=name, color=_COLOURS[number])
        axes.bar_label(bars, fmt="%.3g", padding=3)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.margins(x=0.1)
    axes.set_xlabel(figure.axis)


def _lines(canvas: Any, axes: Any, figure: Figure) -> None:
    canvas.set_size_inches(9, 4.5)
    for number, (name, values) in enumerate(figure.series.items()):
        axes.plot(list(values), list(values.values()), marker="o", label=name, color=_COLOURS[number])
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    ticks = sorted({over for values in figure.series.values() for over in values})
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set_xlabel(figure.over)
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("{x:g}")
    axes.set_ylabel(figure.axis)
    axes.grid(visible=True, alpha=0.3)
