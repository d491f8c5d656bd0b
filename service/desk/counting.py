"""From opened columns to true counts, as a form asks for them: by group, by period, by area at the level that may be shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from linkage.central.cohort import Over, Selection, count
from policies.cohort import Condition, Window
from policies.disclosure import CountTable, Layout, Levels, Restriction, commit_population
from policies.forms import shown_level
from service.desk.opening import Opened, restrictions_of
from service.desk.shapes import Desk, Going

OTHER_TIMES: Final = "at another time, or never"


@dataclass(frozen=True, slots=True)
class Counted:
    """True counts, the people who are in them, and everyone in the linked data."""

    table: CountTable
    people: frozenset[str]
    everyone: frozenset[str]


def counted(
    going: Going,
    *,
    spine: pa.Table,
    opened: Opened,
    desk: Desk,
    population: Sequence[Selection],
    conditions: Sequence[Condition | Window],
) -> Counted:
    """The people of a population, which is what the conditions say, counted by what the request divides by.

    Raises:
        BadInput, BadSubmission: as `count`.
    """
    series = going.request.series
    over = None if series is None else Over(series.attribute, series.dimension, dict(series.months))
    cohort = count(
        spine,
        opened.tables,
        population=population,
        group_by=going.request.group_by,
        order=opened.order,
        made=opened.made,
        upwards=upwards_of(going, names=going.request.group_by),
        over=over,
    )
    restrictions = restrictions_of(going, cohort=cohort, conditions=conditions)
    if over is not None:
        shown = cohort.categories[-1]
        restrictions += (Restriction(over.dimension, shown, (*shown, OTHER_TIMES)),)
    layout = Layout(
        commit_population(cohort.everyone, salt=desk.salt.expose()),
        cohort.dimensions,
        cohort.categories,
        restrictions,
        _levels(going),
    )
    return Counted(CountTable(layout, cohort.counts), frozenset(cohort.people), frozenset(cohort.everyone))


def counted_among(going: Going, *, spine: pa.Table, opened: Opened, desk: Desk) -> tuple[Counted, Counted]:
    """Those of whom a rate is told, and those of them who meet the other conditions too, in the same cells. A cell that nobody of the second kind can be
    in does not apply there.

    Raises:
        BadInput, BadSubmission: as `count`.
    """
    asked = going.request
    among = counted(
        going, spine=spine, opened=opened, desk=desk, population=opened.among, conditions=asked.among or ()
    )
    inside = counted(
        going, spine=spine, opened=opened, desk=desk, population=(*opened.among, *opened.population), conditions=asked.conditions,
    )  # fmt: skip
    whole, part = among.table.layout, inside.table.layout
    counts, absent = np.zeros(whole.shape, dtype=np.int64), np.ones(whole.shape, dtype=bool)
    places = [
        [all_.index(one) for one in own] for all_, own in zip(whole.categories, part.categories, strict=True)
    ]
    counts[np.ix_(*places)] = inside.table.counts
    absent[np.ix_(*places)] = False
    layout = Layout(whole.population, whole.dimensions, whole.categories, part.restrictions, whole.levels)
    return among, Counted(CountTable(layout, counts, absent), inside.people, inside.everyone)


def upwards_of(going: Going, *, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """For each of these attributes that is an area, each of its values and the area that it may be shown as."""
    found = {}
    for name in names:
        attribute = going.found.facts.catalogue.attributes[name]
        if attribute.areas is not None:
            found[name] = attribute.areas.upwards(to=shown_level(attribute, area=going.request.area))
    return found


def _levels(going: Going) -> tuple[Levels, ...]:
    """What the categories of each dimension lie in: areas, as the catalogue declares them, and periods."""
    known, asked = going.found.facts.catalogue.attributes, going.request
    areas = ((name, known[name].areas) for name in asked.group_by)
    found = tuple(Levels(name, its.within) for name, its in areas if its is not None)
    return found if asked.series is None else (*found, Levels(asked.series.dimension, asked.series.within))
