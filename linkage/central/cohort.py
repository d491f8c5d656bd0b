"""From the spine and opened attributes to counts of people. Runs at the release desk, after a permit opened the columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from linkage.attributes import RECORD_REF
from linkage.central.assemble import SPINE_FORMAT
from linkage.errors import BadSubmission
from linkage.tokens import read_table

NO_RECORD: Final = "no record"


@dataclass(frozen=True, slots=True)
class Where:
    """One condition on people: the attribute `is`, `is-not` or is `in` the values. A person without a record of it meets none."""

    attribute: str
    op: Literal["is", "is-not", "in"]
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cohort:
    """Everyone in the spine, the people who met the conditions, and how many fall in each cell. `counts` has one axis a dimension, in the order of
    `categories`; a person whom the dimension's partner does not know is under `no record`."""

    everyone: tuple[str, ...]
    people: tuple[str, ...]
    dimensions: tuple[str, ...]
    categories: tuple[tuple[str, ...], ...]
    counts: npt.NDArray[np.int64]


def read_spine(data: bytes) -> pd.DataFrame:
    """The spine as rows of `partner`, `record_ref` (bytes), `person_id`.

    Raises:
        BadSubmission: it is no spine.
    """
    table, _ = read_table(data, kind=SPINE_FORMAT)
    if table.column_names != ["partner", "record_ref", "person_id"]:
        raise BadSubmission("the spine has not the columns of a spine")
    return pd.DataFrame({n: table.column(n).to_pylist() for n in table.column_names})


def expected_error_of(data: bytes) -> str:
    """What the spine says of its own linkage error, as a sentence.

    Raises:
        BadSubmission: it is no spine, or says nothing.
    """
    _, meta = read_table(data, kind=SPINE_FORMAT)
    try:
        wrong, missed = meta["expected_wrong"], meta["expected_missed"]
    except KeyError as fault:
        raise BadSubmission("the spine does not say how sure its linkage is: assemble again") from fault
    return (
        f"Linkage error: by its own probabilities, which know little of twins, {wrong} of the linked pairs of records are wrong, and {missed} of the likely matches among "
        "the compared pairs were left apart. People whom no agency recorded alike are not counted in either."
    )


def by_person(
    spine: pd.DataFrame, tables: Mapping[str, pa.Table], *, order: Mapping[str, Sequence[str]]
) -> dict[str, pd.Series]:
    """Each opened attribute (`partner.name`) as one value a person, indexed by person id.

    Where a person's records differ, the value that stands last in `order` counts (so that "yes" beats "no"); without an order, the one
    that sorts last.
    """
    out = {}
    for partner, table in tables.items():
        its = spine[spine["partner"] == partner]
        person = dict(zip(its["record_ref"], its["person_id"], strict=True))
        refs = [person.get(r) for r in table.column(RECORD_REF).to_pylist()]
        for name in table.column_names:
            if name == RECORD_REF:
                continue
            attribute = f"{partner}.{name}"
            rows = pd.DataFrame({"person": refs, "value": table.column(name).to_pylist()}).dropna()
            rank = {v: i for i, v in enumerate(order.get(attribute) or sorted(rows["value"].unique()))}
            rows = rows.assign(rank=rows["value"].map(rank)).dropna().sort_values("rank")
            out[attribute] = rows.groupby("person")["value"].last()
    return out


def count(
    spine: pd.DataFrame,
    values: Mapping[str, pd.Series],
    *,
    population: Sequence[Where],
    group_by: Sequence[str],
    order: Mapping[str, Sequence[str]],
) -> Cohort:
    """The cohort: who meets every condition, counted by the dimensions."""
    people = pd.Index(sorted(spine["person_id"].unique()))
    keep = pd.Series(data=True, index=people)
    for where in population:
        held = values[where.attribute].reindex(people)
        meets = (
            held.isin(list(where.values))
            if where.op in ("is", "in")
            else held.notna() & ~held.isin(list(where.values))
        )
        keep &= meets
    chosen = people[keep.to_numpy()]
    sure = {w.attribute.partition(".")[0] for w in population}
    columns, categories = [], []
    for attribute in group_by:
        held = values[attribute].reindex(chosen).fillna(NO_RECORD)
        known = [
            v
            for v in order.get(attribute) or sorted(set(values[attribute]))
            if _possible(v, attribute, population)
        ]
        never_absent = attribute.partition(".")[0] in sure and not (held == NO_RECORD).any()
        its = tuple(known) if never_absent else (*known, NO_RECORD)
        columns.append(pd.Categorical(held, categories=list(its)).codes.astype(np.int64))
        categories.append(its)
    shape = tuple(len(c) for c in categories)
    flat = np.ravel_multi_index(tuple(columns), shape) if columns else np.zeros(len(chosen), dtype=np.int64)
    counts = np.bincount(flat, minlength=int(np.prod(shape, dtype=np.int64))).reshape(shape).astype(np.int64)
    return Cohort(tuple(people), tuple(chosen), tuple(group_by), tuple(categories), counts)


def _possible(value: str, attribute: str, population: Sequence[Where]) -> bool:
    """Whether a person who meets the conditions can have the value."""
    return all(w.attribute != attribute or (value in w.values) == (w.op != "is-not") for w in population)
