"""What the assembler keeps of its own between two runs: sealed to itself, in files that a note of its own names and signs.

The note is written last and replaced at once, so that a run that breaks off leaves what was kept before. Files that no note names are removed then.

Of each file the note has the digest of its header alone. That says all: the header wraps the one key that opens the body, the assembler alone ever had that
key, and a body that was not sealed whole under it does not open. So hundreds of megabytes are not digested in every run besides being opened.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from keys import BadSeal, BadSignature, Identity, sign_note, verify_note
from keys.sealing import SealHeader, open_into, read_header, unwrap_key
from linkage.central.assembly.history import Event
from linkage.central.assembly.identities import People
from linkage.central.assembly.kept_tables import (
    ABOUT,
    HISTORY_TABLE,
    PAIRS_TABLE,
    PEOPLE_TABLE,
    RECENT_TABLE,
    RECORDS_TABLE,
    ROWS,
    ROWS_TABLE,
    Kept,
    Noted,
    PassRows,
    history_in,
    pairs_in,
    parsed,
    people_in,
    recent_in,
    records_in,
    rows_in,
    tables_of,
)
from linkage.central.assembly.pairs import Rows, ScoredRecords
from linkage.central.assembly.sealed_files import sealed_whole
from linkage.central.assembly.standing import Standing
from linkage.central.direct import body_of, room_to_read
from linkage.central.pairs.run import sha256
from linkage.drafts import put_whole
from linkage.errors import BadSubmission
from linkage.manifest import Round
from linkage.tokens import read_table, write_chunks

KEPT_FORMAT: Final = "linkage-kept/v2"
TABLE_FORMAT: Final = "linkage-kept-table/v1"
NOTE_NAME: Final = "kept.note"
SUFFIX: Final = ".kept.sealed"
FIRST_LINE: Final = f"{TABLE_FORMAT}\n".encode()
ALIGNED: Final = 64
NONE: Final = np.empty(0, dtype=np.int64)

Room = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Place:
    """The assembler's folder of what it keeps, and the identity that it is sealed to and signed by."""

    folder: Path
    one: Round
    assembler: Identity

    def read(self) -> Kept | None:
        """What was kept; None where there is nothing yet, or only of another round.

        Raises:
            BadSubmission: it was altered, or is not readable: without it people would get other ids.
        """
        shelf = self.shelf()
        return None if shelf is None else shelf.read()

    def shelf(self) -> "Shelf | None":
        """The tables that the signed note names, to be opened one by one; None as for `read`.

        Raises:
            BadSubmission: the note was altered.
        """
        note = self.note()
        return None if note is None else Shelf(self, note)

    def note(self) -> dict[str, Any] | None:
        """What the signed note says; None where there is none, or only one of another round.

        Raises:
            BadSubmission: it was altered.
        """
        path = self.folder / NOTE_NAME
        if not path.is_file():
            return None
        try:
            body = verify_note(
                path.read_text("utf-8", errors="replace"), known=[self.assembler.public], kind=KEPT_FORMAT
            ).body
            note: dict[str, Any] = json.loads(body)
            of = Round(str(note["project"]), int(note["epoch"]), str(note["schema"]))
        except (BadSignature, KeyError, TypeError, ValueError) as fault:
            raise BadSubmission(_damaged(self.folder, "was altered or is not this assembler's")) from fault
        return note if of == self.one else None

    def context(self, file: str) -> bytes:
        """What binds a file to its round and place."""
        return self.one.context("kept", file)


class Shelf:
    """What was kept, as one note names it: all at once, or a table when it is needed, so that it can stand where another was that is needed no more. The rows of
    passes are opened one after another in the same memory. To ask the system for more every time takes longer than to open them."""

    def __init__(self, place: Place, note: Mapping[str, Any]) -> None:
        self._place, self._note = place, note
        self._sealed, self._scratch = room_to_read(), np.empty(0, dtype=np.uint8)

    def read(self) -> Kept:
        """All that was kept, but for the rows of the last full assembly.

        Raises:
            BadSubmission: it was altered, or is not readable: without it people would get other ids.
        """
        with self._readable():
            return parsed(self._note, table=self._table)

    def noted(self) -> Noted:
        """What the note says of it.

        Raises:
            BadSubmission: the note is of another version.
        """
        with self._readable():
            return Noted.of(self._note)

    def records(self) -> Standing:
        """The records as they stood, without people and pairs.

        Raises:
            BadSubmission: as `read`.
        """
        with self._readable():
            return records_in(self._table(RECORDS_TABLE), self._note)

    def pairs(self) -> ScoredRecords:
        """The pairs as they stood.

        Raises:
            BadSubmission: as `read`.
        """
        with self._readable():
            return pairs_in(self._table(PAIRS_TABLE))

    def people(self) -> People:
        """The people as they stood.

        Raises:
            BadSubmission: as `read`.
        """
        with self._readable():
            return people_in(self._table(PEOPLE_TABLE))

    def recent(self) -> dict[str, dict[str, Rows]]:
        """The rows that updates brought since the last full assembly, by pass and partner.

        Raises:
            BadSubmission: as `read`.
        """
        with self._readable():
            return recent_in(self._table(RECENT_TABLE))

    def history(self) -> tuple[Event, ...]:
        """What became of people.

        Raises:
            BadSubmission: as `read`.
        """
        with self._readable():
            return history_in(self._table(HISTORY_TABLE))

    def let_go(self) -> None:
        """The memory in which rows were opened may be used for something else; rows that were given out are gone."""
        self._scratch = np.empty(0, dtype=np.uint8)

    def rows(self, key: str) -> PassRows:
        """The rows of a pass as the last full assembly had them, by partner. They are gone when those of the next pass are asked for.

        Raises:
            BadSubmission: as `read`.
        """
        if not len(self._scratch):
            self._scratch = np.empty(self._longest_rows() + ALIGNED, dtype=np.uint8)
        return rows_in(self._table(f"{ROWS_TABLE}-{key}", room=self._scratch))

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as fault:
            raise BadSubmission(
                _damaged(self._place.folder, "cannot be read: another version made it")
            ) from fault

    def _table(self, name: str, *, room: Room | None = None) -> pa.Table:
        return read_table(self._opened(name, room=room), kind=TABLE_FORMAT)[0]

    def _opened(self, name: str, *, room: Room | None = None) -> memoryview:
        """The table as bytes, in this memory if it is given."""
        path, digest = self._file(name)
        context = self._place.context(path.name)
        try:
            with path.open("rb") as source:
                header = read_header(source)
                if _digest(header) != digest:
                    raise BadSubmission(_damaged(path.parent, f"has {path.name} altered"))
            if room is None:
                room = np.empty(path.stat().st_size + ALIGNED, dtype=np.uint8)
            into = _aligned(room)
            key = unwrap_key(header.wrapped, by=self._place.assembler, context=context)
            pieces = body_of(path, begin=len(header.text), room=self._sealed)
            size = open_into(pieces, header=header, key=key, context=context, room=into)
        except BadSeal as fault:
            raise BadSubmission(_damaged(path.parent, f"has {path.name} altered")) from fault
        return into[:size]

    def _file(self, name: str) -> tuple[Path, str]:
        """The file of a table, and the digest of its header."""
        file, digest = self._note["files"][name]
        path = self._place.folder / str(file)
        if Path(str(file)).name != file or not path.is_file():
            raise BadSubmission(_damaged(self._place.folder, f"lacks {file}"))
        return path, digest

    def _longest_rows(self) -> int:
        """As much as the longest table of rows is: whatever follows in its place needs no other."""
        names = [name for name in self._note["files"] if name.startswith(f"{ROWS_TABLE}-")]
        return max(self._file(name)[0].stat().st_size for name in names)


def _aligned(room: Room) -> memoryview:
    """Memory in which the numbers of a table stand where the processor reads them best: whatever searches among others copies them first."""
    begins = -(room.ctypes.data + len(FIRST_LINE)) % ALIGNED
    return memoryview(room)[begins:]  # type: ignore[arg-type]  # an array of bytes is a buffer


class Writing:
    """Files of one assembly's keeping, put on the disk one by one; they count once `finish` has named them."""

    def __init__(self, place: Place, number: int) -> None:
        self._place, self._number = place, number
        self._files: dict[str, list[str]] = {}
        self._counts = False

    def __enter__(self) -> Self:
        """Nothing is written yet."""
        return self

    def __exit__(self, fault: object, *_: object) -> None:
        """What was put is gone again if the block failed."""
        if fault is not None and not self._counts:
            for name, _digest in self._files.values():
                (self._place.folder / name).unlink(missing_ok=True)

    def put(
        self,
        name: str,
        columns: Mapping[str, npt.NDArray[Any] | pa.Array],
        *,
        types: Mapping[str, pa.DataType],
        about: str = "",
    ) -> None:
        """A table, sealed to the assembler."""
        place = self._place
        file = f"{name}.{place.one.epoch}-{self._number}{SUFFIX}"
        path = place.folder / file
        arrow = pa.schema(dict(types), {ABOUT: about})
        with sealed_whole(path, to=place.assembler.public, context=place.context(file)) as out:
            write_chunks(out, [columns], kind=TABLE_FORMAT, types=arrow)
        with path.open("rb") as sealed:
            self._files[name] = [file, _digest(read_header(sealed))]

    def put_rows(self, key: str, rows: PassRows) -> None:
        """The rows of a pass, for every update until the next full assembly."""
        names = sorted(rows)
        self.put(
            f"{ROWS_TABLE}-{key}",
            {
                "row_ref": np.concatenate([NONE, *(rows[n].row_ref for n in names)]),
                "record": np.concatenate([NONE, *(rows[n].record for n in names)]).astype(np.uint32),
            },
            types=ROWS,
            about=json.dumps([[n, len(rows[n].row_ref)] for n in names]),
        )

    def finish(self, kept: Kept, *, extends: bool) -> None:
        """All that was put counts, and nothing else; where it `extends` what was kept, so do the rows that the last full assembly put."""
        place, one, standing = self._place, self._place.one, kept.standing
        note = place.note() if extends else None
        for name, (columns, types, about) in tables_of(kept).items():
            self.put(name, columns, types=types, about=about)
        earlier = {} if note is None else note["files"]
        files = self._files | {n: f for n, f in earlier.items() if n.startswith(f"{ROWS_TABLE}-")}
        body = {
            "project": one.project,
            "epoch": one.epoch,
            "schema": one.schema_digest,
            "run": kept.run,
            "submissions": dict(kept.submissions),
            "rules": kept.rules.to_json(),
            "calibration": kept.line.name,
            "number": kept.number,
            "passes": list(kept.passes),
            "partners": list(standing.partners),
            "files": files,
        }
        text = f"{KEPT_FORMAT}\n{json.dumps(body, indent=1, sort_keys=True)}\n"
        put_whole(place.folder / NOTE_NAME, sign_note(text, by=place.assembler).encode("utf-8"))
        self._counts = True
        for file in place.folder.glob(f"*{SUFFIX}"):
            if file.name not in {name for name, _ in files.values()}:
                file.unlink()


def _digest(header: SealHeader) -> str:
    return sha256(header.text)


def _damaged(folder: Path, how: str) -> str:
    return (
        f"{folder.name}/, where the assembler keeps who is who, {how}: restore it from its backup; without it all people get new ids"
        " (to begin anew on purpose, remove the folder)"
    )
