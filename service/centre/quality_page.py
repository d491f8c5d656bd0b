"""The quality of a linkage as one page for people: no script, nothing loaded from elsewhere, charts as pictures that Splink's own chart definitions draw."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from scipy.special import logit

from linkage.central.report.calibration import Line
from linkage.central.report.from_model import PassText, made_up_pair
from linkage.central.report.splink_charts import histogram, m_u_parameters, match_weights, waterfall
from service.centre.quality_body import calibrated_by
from service.centre.quality_guild import answers
from service.centre.quality_subgroups import in_kinds, spoken_code
from service.demonstration.pictures import AMBER, bars, render


@dataclass(frozen=True, slots=True)
class Charts:
    """The page's pictures: the histogram; weights, probabilities and a made-up pair of the pass with most pairs; weights of every other pass by match key."""

    weights: Markup
    main: str
    match_weights: Markup
    m_u: Markup
    waterfall: Markup
    others: tuple[tuple[str, Markup], ...]
    sizes: Markup


def threshold_bits(body: Mapping[str, Any]) -> float:
    """The weight in bits, as Splink gives it, that a report's threshold of the calibrated probability stands for."""
    line = Line(body["calibration"]["offset"], body["calibration"]["slope"])
    return float(logit(line.before(body["threshold"])) / log(2))


def charts_of(body: Mapping[str, Any], *, passes: Sequence[PassText]) -> Charts:
    """The pictures of a report; `passes` are the model's, the one with most pairs first."""
    main = passes[0]
    bits = threshold_bits(body)
    pair = made_up_pair(main, near=bits)
    sizes = {
        f"{n} record{'' if n == '1' else 's'}": c
        for n, c in body["people_by_records"].items()
        if isinstance(c, int)
    }
    return Charts(
        weights=_weights(body["weights"], bits=bits),
        main=main.key,
        match_weights=render(match_weights(main.splink)),
        m_u=render(m_u_parameters(main.splink)),
        waterfall=render(waterfall(main.splink, levels=pair.levels, weight=pair.weight)),
        others=tuple((one.key, render(match_weights(one.splink))) for one in passes[1:]),
        sizes=bars(sizes, unit="people"),
    )


def _weights(bins: Sequence[Mapping[str, Any]], *, bits: float) -> Markup:
    """Splink's histogram with a line at the threshold; bins that are hidden have no bar."""
    spec = histogram(
        [
            {"splink_score_bin_low": b["from"], "splink_score_bin_high": b["to"], "count_rows": b["pairs"]}
            for b in bins
            if isinstance(b["pairs"], int)
        ]
    )
    bar = {name: spec.pop(name) for name in ("mark", "encoding")}
    line = {
        "data": {"values": [{"bits": bits}]},
        "mark": {"type": "rule", "color": AMBER, "strokeWidth": 2},
        "encoding": {"x": {"field": "bits", "type": "quantitative"}},
    }
    return render({**spec, "layer": [bar, line], "width": 620, "height": 240})


def page(body: Mapping[str, Any], *, passes: Sequence[PassText], changes: Mapping[str, Any] | None) -> str:
    """The whole page."""
    pages = Environment(
        loader=PackageLoader("service", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return pages.get_template("quality.html").render(
        body=body,
        charts=charts_of(body, passes=passes),
        changes=changes,
        guild=answers(body),
        groups=in_kinds(body["subgroups"]),
        compared=sum(row["difference"] is not None for row in body["subgroups"]),
        spoken_code=spoken_code,
        percent=percent,
        count=count,
        bits=threshold_bits(body),
        calibrated_by=calibrated_by(body),
    )


def percent(share: float) -> str:
    """A share in per cent, to a tenth."""
    return f"{100 * share:.1f} %"


def count(value: int | str) -> str:
    """A shown count as people read it."""
    return f"{value:,}" if isinstance(value, int) else value
