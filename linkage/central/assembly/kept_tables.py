"""The tables in which the assembler keeps what it knows: columns and types, and what they are read as."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from linkage.central.assembly.history import EVENTS, Event
from linkage.central.assembly.identities import ID_BYTES, People, id_rows, nobody
from linkage.central.assembly.pairs import Rows, ScoredRecords, no_pairs
from linkage.central.assembly.records import Bytes12
from linkage.central.assembly.rules import Rules
from linkage.central.assembly.standing import Standing
from linkage.central.report.calibration import Line
from linkage.columns import as_numpy, texts
from linkage.tokens import fixed_bytes

ABOUT: Final = "about"
RECORDS_TABLE: Final = "records"
PEOPLE_TABLE: Final = "people"
PAIRS_TABLE: Final = "pairs"
RECENT_TABLE: Final = "recent"
HISTORY_TABLE: Final = "history"
ROWS_TABLE: Final = "rows"
RECORDS: Final = {
    "partner": pa.uint16(),
    "record_ref": pa.binary(16),
    "told": pa.int32(),
    "group": pa.int32(),
    "person": pa.int32(),
    "marks": pa.uint8(),
    "band": pa.uint8(),
}
PEOPLE: Final = {"id": pa.binary(ID_BYTES), "made": pa.int32()}
PAIRS: Final = {"left": pa.uint32(), "right": pa.uint32(), "probability": pa.float64(), "conflict": pa.uint8()}
ROWS: Final = {"row_ref": pa.int64(), "record": pa.uint32()}

PassRows = Mapping[str, Rows]


@dataclass(frozen=True, slots=True)
class Noted:
    """What the note says of what was kept: of which run of the linker (its digest) and which submissions (manifest digests by partner) it is, under which rules,
    calibrated by which line, how many assemblies came before, and which passes it has."""

    run: str
    submissions: Mapping[str, str]
    rules: Rules
    line: Line
    number: int
    passes: tuple[str, ...]

    @classmethod
    def of(cls, note: Mapping[str, Any]) -> "Noted":
        """What this note says.

        Raises:
            KeyError, TypeError, ValueError, AttributeError: it is no such note.
        """
        return cls(
            run=str(note["run"]),
            submissions={str(k): str(v) for k, v in note["submissions"].items()},
            rules=Rules.from_json(note["rules"]),
            line=Line.named(str(note["calibration"])),
            number=int(note["number"]),
            passes=tuple(str(n) for n in note["passes"]),
        )


@dataclass(frozen=True, slots=True)
class Kept(Noted):
    """All that was kept: besides, what stood, the rows that updates brought, by pass and partner, and what became of people."""

    standing: Standing
    recent: Mapping[str, PassRows]
    history: tuple[Event, ...]


Columns = Mapping[str, npt.NDArray[Any] | pa.Array]
Table = tuple[Columns, Mapping[str, pa.DataType], str]


def tables_of(kept: Kept) -> dict[str, Table]:
    """All tables but the rows of the last full assembly, by name: columns, their types, and what is said about them."""
    s = kept.standing
    recent = [(k, n, kept.recent[k][n]) for k in sorted(kept.recent) for n in sorted(kept.recent[k])]
    none = np.empty(0, dtype=np.int64)
    plain: dict[str, tuple[Mapping[str, Any], Mapping[str, pa.DataType]]] = {
        RECORDS_TABLE: ({name: getattr(s, name) for name in RECORDS}, RECORDS),
        PEOPLE_TABLE: ({"id": s.people.ids, "made": s.people.made}, PEOPLE),
        PAIRS_TABLE: ({name: getattr(s.pairs, name) for name in PAIRS}, PAIRS),
        RECENT_TABLE: (
            {name: np.concatenate([none, *(getattr(r, name) for _, _, r in recent)]) for name in ROWS},
            ROWS,
        ),
        HISTORY_TABLE: ({name: _column(kept.history, name) for name in EVENTS}, EVENTS),
    }
    about = {RECENT_TABLE: json.dumps([[k, n, len(r.row_ref)] for k, n, r in recent])}
    return {
        name: ({c: _as_stored(v, types[c]) for c, v in columns.items()}, types, about.get(name, ""))
        for name, (columns, types) in plain.items()
    }


def parsed(note: Mapping[str, Any], *, table: Callable[[str], pa.Table]) -> Kept:
    """What was kept, from its note and its tables.

    Raises:
        KeyError, TypeError, ValueError, AttributeError, IndexError: they do not fit each other.
    """
    noted, records = Noted.of(note), records_in(table(RECORDS_TABLE), note)
    return Kept(
        **{one.name: getattr(noted, one.name) for one in fields(noted)},
        standing=replace(records, people=people_in(table(PEOPLE_TABLE)), pairs=pairs_in(table(PAIRS_TABLE))),
        recent=recent_in(table(RECENT_TABLE)),
        history=history_in(table(HISTORY_TABLE)),
    )


def records_in(table: pa.Table, note: Mapping[str, Any]) -> Standing:
    """The records, without people and pairs: tables of their own have these."""
    return Standing(
        partners=tuple(str(n) for n in note["partners"]),
        record_ref=fixed_bytes(table, "record_ref", width=16),
        people=nobody(),
        pairs=no_pairs(),
        **{name: as_numpy(table.column(name)) for name in RECORDS if name != "record_ref"},
    )


def people_in(table: pa.Table) -> People:
    """All people by number."""
    return People(_ids(table), as_numpy(table.column("made")))


def pairs_in(table: pa.Table) -> ScoredRecords:
    """All pairs."""
    left, right, probability, conflict = (as_numpy(table.column(name)) for name in PAIRS)
    return ScoredRecords(left, right, probability, conflict > 0)


def history_in(table: pa.Table) -> tuple[Event, ...]:
    """What became of people."""
    return tuple(Event(**one) for one in table.to_pylist())


def rows_in(table: pa.Table) -> dict[str, Rows]:
    """The rows of one pass, by partner."""
    bounds = [(str(name), int(many)) for name, many in json.loads(_about(table))]
    return dict(zip([n for n, _ in bounds], _cut(table, [many for _, many in bounds]), strict=True))


def recent_in(table: pa.Table) -> dict[str, dict[str, Rows]]:
    """The rows that updates brought, by pass and partner."""
    bounds = [(str(key), str(name), int(many)) for key, name, many in json.loads(_about(table))]
    out: dict[str, dict[str, Rows]] = {}
    for (key, name, _), rows in zip(bounds, _cut(table, [many for *_, many in bounds]), strict=True):
        out.setdefault(key, {})[name] = rows
    return out


def _cut(table: pa.Table, sizes: list[int]) -> list[Rows]:
    """The rows in parts of these sizes."""
    row_ref, record = (as_numpy(table.column(n)) for n in ("row_ref", "record"))
    ends = np.cumsum([0, *sizes])
    return [Rows(row_ref[a:b], record[a:b]) for a, b in pairwise(ends)]


def _about(table: pa.Table) -> str:
    return str(table.schema.metadata[ABOUT.encode()].decode())


def _column(events: tuple[Event, ...], name: str) -> npt.NDArray[Any] | pa.Array:
    values = [getattr(e, name) for e in events]
    return texts(values) if pa.types.is_string(EVENTS[name]) else np.array(values, dtype=np.int64)


def _as_stored(values: npt.NDArray[Any] | pa.Array, kind: pa.DataType) -> npt.NDArray[Any] | pa.Array:
    if pa.types.is_integer(kind):
        return values.astype(kind.to_pandas_dtype(), copy=False)
    return values


def _ids(people: pa.Table) -> Bytes12:
    """The ids of people, which were kept as hexadecimal digits once: a project in use keeps its people."""
    width = people.schema.field("id").type.byte_width
    ids = fixed_bytes(people, "id", width=width)
    return ids if width == ID_BYTES else id_rows(bytes.fromhex(ids.tobytes().decode("ascii")))
