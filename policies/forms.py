"""What a request has to say for its form to be counted: the periods of a series, among whom a rate is told, the areas of a map."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.catalogue import Attribute, Catalogue
from policies.request import RATES, SERIES, Request
from policies.terms import finer, is_word, phrase

MAP: Final = "area-map"
ONE_NUMBER: Final = "flag-count"
WHOLE: Final = "whole-area"


def unfit(request: Request, *, catalogue: Catalogue) -> Iterator[str]:
    """Each reason for which nothing can be counted in this form, as a sentence with what to do."""
    form, divided = request.form, [catalogue.attributes.get(name) for name in request.group_by]
    if form == SERIES and request.series is None:
        yield "a series over time needs `series:`, the dated attribute and the periods it is counted by"
    if form == RATES and request.among is None:
        yield "a table of rates needs `among:`, the conditions on those of whom the rate is told, or [] for everybody"
    if form == MAP and not (divided and divided[0] is not None and divided[0].areas):
        yield "a map is grouped first by an attribute whose areas the catalogue declares"
    if form == ONE_NUMBER and request.group_by:
        yield "a single count is divided by nothing: leave `group-by` out, or ask for aggregate-table"
    if not is_word(request.area, kind="area"):
        return
    for attribute in divided:
        if attribute is not None and attribute.areas and request.area == WHOLE:
            yield f"{attribute.id} divides by areas, and the request shows the whole area alone: ask for a finer `area:`"
    for name in sorted({name for one in request.conditions for name in one.attributes}):
        found = catalogue.attributes.get(name)
        if found is not None and found.areas and finer(found.level, than=request.area):
            yield f"a condition on {name} selects areas finer than {phrase(request.area, kind='area')}: leave it out"


def shown_level(attribute: Attribute, *, area: str) -> str:
    """The level at which an attribute's areas are shown to whom areas as fine as `area` are: its own, or the finest that is no finer than that."""
    assert attribute.areas is not None  # noqa: S101  it is asked of areas alone
    levels = attribute.areas.levels[attribute.areas.levels.index(attribute.level) :]
    return next((level for level in levels if not finer(level, than=area)), levels[-1])
