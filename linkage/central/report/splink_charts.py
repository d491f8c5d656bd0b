"""Splink's own charts of a pass as Vega-Lite documents, drawn from the model alone: no data, no database, no script.

Splink shows them as pages with JavaScript. Here its chart definitions are filled by its own code and handed on, less what only a mouse can use, to be
rendered as static SVG (Linacre et al. 2022, "Splink: Free software for probabilistic record linkage at scale").
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from splink.internals.charts import (
    MatchWeightsChart,
    MatchWeightsHistogramChart,
    MUParametersChart,
    SplinkChart,
    WaterfallChart,
)
from splink.internals.settings import Settings
from splink.internals.settings_creator import SettingsCreator
from splink.internals.waterfall_chart import records_to_waterfall_data

Spec = dict[str, Any]
FOR_A_MOUSE: Final = "Use mousewheel to zoom"


def match_weights(splink: Mapping[str, Any]) -> Spec:
    """Splink's chart of what each level of each comparison adds to a pair's weight; `splink` is a settings document, as the model has one a pass."""
    return _static(MatchWeightsChart(_settings(splink)._parameters_as_detailed_records))


def m_u_parameters(splink: Mapping[str, Any]) -> Spec:
    """Splink's chart of how often each level occurs among matches (m) and among others (u)."""
    return _static(MUParametersChart(_settings(splink)._parameters_as_detailed_records))


def waterfall(splink: Mapping[str, Any], *, levels: Mapping[str, int], weight: float) -> Spec:
    """Splink's chart of how one pair's weight adds up. `levels` has a number for each comparison, from 0 for its best level, or -1 where a value is
    missing; `weight` is what they add up to, in bits. There is no value in it, for none is given."""
    settings = _settings(splink)
    pair: dict[str, Any] = {"match_weight": weight}
    for one in settings.comparisons:
        at = levels[one.output_column_name]
        # Splink numbers levels from the worst, 0, upwards.
        pair[one._gamma_column_name] = -1 if at < 0 else one._num_levels - 1 - at
    fill: Callable[..., list[dict[str, Any]]] = records_to_waterfall_data
    return _static(WaterfallChart(fill([pair], settings, hide_details=True)))


def histogram(bins: Sequence[Mapping[str, float]]) -> Spec:
    """Splink's histogram of match weights; each bin has `splink_score_bin_low`, `splink_score_bin_high` and `count_rows`."""
    spec = _static(MatchWeightsHistogramChart([dict(one) for one in bins]))
    # What a mouse would zoom into.
    spec.pop("params", None)
    return spec


def _settings(splink: Mapping[str, Any]) -> Settings:
    return SettingsCreator.from_path_or_dict(dict(splink)).get_settings("duckdb")


def _static(chart: SplinkChart[Any]) -> Spec:
    spec: Spec = _without(chart.chart_dict)
    title = spec.get("title")
    if isinstance(title, dict) and title.get("subtitle") == FOR_A_MOUSE:
        del title["subtitle"]
    return spec


def _without(value: Any) -> Any:
    """The value without tooltips, which would also carry SQL into the page."""
    if isinstance(value, dict):
        return {k: _without(v) for k, v in value.items() if k not in ("tooltip", "sql_condition")}
    return [_without(v) for v in value] if isinstance(value, list) else value
