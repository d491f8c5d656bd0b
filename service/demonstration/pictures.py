"""Static pictures: charts as Vega-Lite rendered to SVG without a browser or a network, and the picture of the journey."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

import vl_convert
from markupsafe import Markup

INK: Final = "#1b2733"
BLUE: Final = "#1f5a94"
PALE: Final = "#dbe7f3"
AMBER: Final = "#b35900"
FONT: Final = "system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif"
CONFIG: Final = {
    "background": None,
    "font": "DejaVu Sans, Segoe UI, sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelColor": INK,
        "titleColor": INK,
        "gridColor": "#e3e8ee",
        "domainColor": "#9aa7b5",
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
    },
}


def render(spec: Mapping[str, Any]) -> Markup:
    """The chart as SVG that stands on its own in a page."""
    whole = {"$schema": "https://vega.github.io/schema/vega-lite/v5.json", "config": CONFIG, **spec}
    return Markup(vl_convert.vegalite_to_svg(whole, vl_version="5.20"))  # noqa: S704  drawn from numbers and our own labels


def bars(values: Mapping[str, int], *, unit: str) -> Markup:
    """One horizontal bar an entry, labelled with its number, in the order given."""
    rows = [{"what": k, "n": v, "label": f"{v:,}"} for k, v in values.items()]
    what = {
        "field": "what",
        "type": "nominal",
        "sort": None,
        "title": None,
        "axis": {"labelLimit": 220, "ticks": False, "domain": False},
    }
    n = {"field": "n", "type": "quantitative", "title": unit, "axis": {"tickCount": 4, "format": ",d"}}
    return render(
        {
            "data": {"values": rows},
            "width": 360,
            "height": {"step": 26},
            "layer": [
                {"mark": {"type": "bar", "color": BLUE, "height": 16}, "encoding": {"y": what, "x": n}},
                {
                    "mark": {"type": "text", "align": "left", "dx": 5, "color": INK, "fontSize": 12},
                    "encoding": {"y": what, "x": n, "text": {"field": "label"}},
                },
            ],
        }
    )


def calibration_plot(rows: Sequence[Mapping[str, float]]) -> Markup:
    """What the model said against what was true, one dot a band of match probability; the line is where both agree."""
    values = [{"said": r["said"], "true": r["true"], "label": f"{int(r['pairs']):,}"} for r in rows]
    scale = {"domain": [0, 1]}
    axis = {"format": ".0%", "tickCount": 5}
    x = {
        "field": "said",
        "type": "quantitative",
        "title": "match probability that the linker gave",
        "scale": scale,
        "axis": axis,
    }
    y = {
        "field": "true",
        "type": "quantitative",
        "title": "share that truly are one person",
        "scale": scale,
        "axis": axis,
    }
    line = {
        "data": {"values": [{"said": 0, "true": 0}, {"said": 1, "true": 1}]},
        "mark": {"type": "line", "color": "#9aa7b5", "strokeDash": [4, 4]},
        "encoding": {"x": x, "y": y},
    }
    dots = {
        "data": {"values": values},
        "mark": {"type": "point", "filled": True, "size": 90, "color": AMBER, "opacity": 1},
        "encoding": {"x": x, "y": y},
    }
    labels = {
        "data": {"values": values},
        "mark": {"type": "text", "align": "left", "dx": 8, "dy": -8, "fontSize": 11, "color": INK},
        "encoding": {"x": x, "y": y, "text": {"field": "label"}},
    }
    return render({"width": 300, "height": 260, "layer": [line, dots, labels]})


def reliability_plot(rows: Sequence[Mapping[str, Any]]) -> Markup:
    """What was said against what was true for several sources, a picture a scale; each row has source, scale, said, true and pairs. The line is where
    both agree. A reliability diagram: Murphy and Winkler (1977)."""
    scale = {"domain": [0, 1]}
    axis = {"format": ".0%", "tickCount": 5}
    x = {"field": "said", "type": "quantitative", "title": "match probability", "scale": scale, "axis": axis}
    y = {
        "field": "true",
        "type": "quantitative",
        "title": "share that truly are one person",
        "scale": scale,
        "axis": axis,
    }
    colour = {"field": "source", "type": "nominal", "title": None, "sort": None}
    even = {"mark": {"type": "rule", "color": "#9aa7b5", "strokeDash": [4, 4]}, "encoding": {
        "x": {"datum": 0}, "y": {"datum": 0}, "x2": {"datum": 1}, "y2": {"datum": 1}
    }}  # fmt: skip
    lines = {"mark": {"type": "line", "opacity": 0.5}, "encoding": {"x": x, "y": y, "color": colour}}
    dots = {
        "mark": {"type": "point", "filled": True, "opacity": 1, "size": 60},
        "encoding": {"x": x, "y": y, "color": colour, "shape": colour},
    }
    return render(
        {
            "background": "#ffffff",
            "data": {"values": [dict(r) for r in rows]},
            "facet": {"column": {"field": "scale", "type": "nominal", "title": None, "sort": None}},
            "spec": {"width": 300, "height": 300, "layer": [even, lines, dots]},
        }
    )


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a shown table: its text, and how strong its shade is from 0 to 1; a hidden cell has none."""

    text: str
    shade: float
    hidden: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """A table for a page: headings, and lines of leading labels and cells."""

    headings: tuple[str, ...]
    lines: tuple[tuple[tuple[str, ...], tuple[Cell, ...]], ...]


def heat_table(rows: Sequence[tuple[str, ...]]) -> Shown:
    """The rows of a protected table with the last dimension across; only printed numbers are shaded."""
    head, body = rows[0], [r for r in rows[1:] if "All" not in r[:-1]]
    across = list(dict.fromkeys(r[-2] for r in body))
    by_line: dict[tuple[str, ...], dict[str, str]] = {}
    for row in body:
        by_line.setdefault(row[:-2], {})[row[-2]] = row[-1]
    most = max((int(r[-1]) for r in body if r[-1].isdecimal()), default=1) or 1
    lines = tuple(
        (
            labels,
            tuple(
                Cell(cells[a], int(cells[a]) / most if cells[a].isdecimal() else 0.0, not cells[a].isdecimal())
                for a in across
            ),
        )
        for labels, cells in by_line.items()
    )
    return Shown((*head[:-2], *(f"{head[-2]}: {a}" for a in across)), lines)


STATIONS: Final = (
    ("Five agencies", "clean, tokenise, seal", "names stay here"),
    ("Linker", "sees tokens of one", "pass at a time"),
    ("Assembler", "sees row references,", "forms people"),
    ("Custodian", "opens a column", "for a permit only"),
    ("Release desk", "counts, rounds, hides,", "attacks its own table"),
    ("Audit log", "every step, cosigned", "by the partners"),
)


def journey() -> Markup:
    """The way of the data as one picture: agencies, linker, assembler, custodian, release desk, log; the board above."""
    wide, gap, top = 150, 28, 96
    boxes = []
    for at, (title, first, second) in enumerate(STATIONS):
        x = 10 + at * (wide + gap)
        fill, ink = (BLUE, "#ffffff") if at == 0 else (PALE, INK)
        boxes.append(
            f'<rect x="{x}" y="{top}" width="{wide}" height="84" rx="8" fill="{fill}"/>'
            f'<text x="{x + wide / 2}" y="{top + 28}" text-anchor="middle" font-weight="600" font-size="15" fill="{ink}">{escape(title)}</text>'
            f'<text x="{x + wide / 2}" y="{top + 50}" text-anchor="middle" font-size="12" fill="{ink}">{escape(first)}</text>'
            f'<text x="{x + wide / 2}" y="{top + 66}" text-anchor="middle" font-size="12" fill="{ink}">{escape(second)}</text>'
        )
        if at:
            boxes.append(
                f'<path d="M{x - gap + 3} {top + 42} h{gap - 10}" stroke="{INK}" stroke-width="1.5" marker-end="url(#tip)"/>'
            )
    board_x = 10 + 3 * (wide + gap)
    boxes.append(
        f'<rect x="{board_x}" y="10" width="{2 * wide + gap}" height="48" rx="8" fill="#fdf1e3" stroke="{AMBER}"/>'
        f'<text x="{board_x + wide + gap / 2}" y="30" text-anchor="middle" font-weight="600" font-size="14" fill="{INK}">Ethics board and controllers</text>'
        f'<text x="{board_x + wide + gap / 2}" y="48" text-anchor="middle" font-size="12" fill="{INK}">a quorum recommends, each partner adopts</text>'
        f'<path d="M{board_x + wide / 2} 58 v{top - 68}" stroke="{AMBER}" stroke-width="1.5" marker-end="url(#tip)"/>'
        f'<path d="M{board_x + wide * 1.5 + gap} 58 v{top - 68}" stroke="{AMBER}" stroke-width="1.5" marker-end="url(#tip)"/>'
    )
    width, height = 20 + len(STATIONS) * (wide + gap) - gap, top + 94
    return Markup(  # noqa: S704  drawn from constants
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" font-family="{FONT}" '
        'aria-label="Agencies send sealed tokens to the linker; the assembler forms people; the custodian opens columns for a permit; '
        'the release desk protects tables; every step is in the audit log. The board and the controllers decide the policy.">'
        f'<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="{INK}"/></marker></defs>'
        f"{''.join(boxes)}</svg>"
    )
