"""Submissions of any size without a partner's work: pass files made directly, with blocks and lanes as tokenising gives them.

Three partners hold `records` records of as many people as makes each person stand in 1.5 files on average. In each pass, a person's row has the person's
block, but for one in ten, which fell out of it by a slip and stands alone; one block in fifty is shared with another person (strangers who meet). No two
rows of one partner share a block, as under the default schema. Passes whose key takes a name in either place have two rows a record. Inside a
block everything is masked alike; each filter of a person's second record is equal in eight of ten, a few bits off in one, and another's in one; one value
in ten is missing. Nothing of it is anybody's.
"""

import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from keys import Identity, seal, sign_note
from keys.sealing import Sealer
from linkage.gone import GONE, write_gone
from linkage.manifest import GONE_SUFFIX, MANIFEST_NAME, Base, Manifest, Round, SealedFile
from linkage.schema import MatchKey, Schema
from linkage.tokens import (
    TOKENS_FORMAT,
    Compared,
    PartnerStatistics,
    chunk_writer,
    compared_names,
    lanes_of,
    pass_types,
)

PARTNERS: Final = ("nhs", "police", "schools")
PEOPLE: Final = 2 / 3
HELD: Final = 0.5
CHUNK: Final = 1 << 18
SLIP, STRANGERS, CLOSE, OTHER, MISSING = 26, 5, 26, 26, 26  # of 256


def mixed(*words: Any) -> npt.NDArray[np.uint64]:
    """A pseudo-random 64-bit word of these numbers (SplitMix64, Steele, Lea and Flood 2014)."""
    out = np.uint64(0)
    with np.errstate(over="ignore"):
        for word in words:
            out = out + np.asarray(word, dtype=np.uint64) + np.uint64(0x9E3779B97F4A7C15)
            out = (out ^ (out >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            out = (out ^ (out >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            out = out ^ (out >> np.uint64(31))
    return np.asarray(out)


@dataclass(frozen=True, slots=True)
class World:
    """Whose records there are: persons are numbers; `records` in all. `officers` sign for their partners, and somebody for those who have none."""

    schema: Schema
    one: Round
    records: int
    officers: Mapping[str, Identity] = field(default_factory=dict)
    gateways: Mapping[str, str] = field(default_factory=dict)

    @property
    def people(self) -> int:
        return int(self.records * PEOPLE)

    def holds(self, partner: int) -> npt.NDArray[np.uint64]:
        """The persons of whom the partner has a record."""
        person = np.arange(self.people, dtype=np.uint64)
        return person[mixed(person, 1, partner) % np.uint64(256) < np.uint64(256 * HELD)]

    def rows(
        self, key: MatchKey, person: npt.NDArray[np.uint64], *, partner: int, version: int = 0
    ) -> Iterator[dict[str, Any]]:
        """The rows of these persons in one pass, in pieces; in no order. Another `version` has other slips in what is compared."""
        number = [k.name for k in self.schema.match_keys].index(key.name)
        twice = any(p.order == "any" for p in key.parts)
        for begin in range(0, len(person), CHUNK):
            for side in range(1 + twice):
                piece = person[begin : begin + CHUNK]
                yield self._piece(key, piece, salt=2 * number + side, partner=partner, version=version)

    def references(
        self, key: MatchKey, person: npt.NDArray[np.uint64], *, partner: int
    ) -> npt.NDArray[np.int64]:
        """The references of all rows of these persons in one pass: those of everybody, once a side."""
        number = [k.name for k in self.schema.match_keys].index(key.name)
        sides = 1 + any(p.order == "any" for p in key.parts)
        found = [_references(person, 2 * number + side, partner=partner) for side in range(sides)]
        return np.concatenate(found).view(np.int64)

    def _piece(
        self, key: MatchKey, person: npt.NDArray[np.uint64], *, salt: int, partner: int, version: int
    ) -> dict[str, Any]:
        dice = mixed(person, salt, partner, 2)
        slip = dice % np.uint64(256) < SLIP
        meets = mixed(person, salt, 3) % np.uint64(256) < STRANGERS
        owner = np.where(meets, person ^ np.uint64(1), person)
        owner = np.where(meets & (partner == 1), owner, person)
        block = np.where(slip, dice, mixed(owner, salt, 4))
        out: dict[str, Any] = {"row_ref": _references(person, salt, partner=partner), "block": block}
        for lane in lanes_of(self.schema, key):
            if lane.startswith(("presence_", "exact_")):
                out[lane] = mixed(block, 6, int(lane[-1]))
        for one in compared_names(self.schema, key):
            self._value(out, one, person, block, partner=partner + len(PARTNERS) * version)
        return {
            n: (c % np.uint64(3)).astype(np.int8) if n.endswith("_band") else c.view(np.int64)
            for n, c in out.items()
        }

    def _value(self, out: dict[str, Any], one: Compared, person: Any, block: Any, *, partner: int) -> None:
        slot = one.slot + 10
        dice = mixed(person, slot, partner)
        other, close = dice % np.uint64(256) < OTHER, (dice >> np.uint64(8)) % np.uint64(256) < CLOSE
        missing = (dice >> np.uint64(16)) % np.uint64(256) < MISSING
        lane, shift = one.presence
        code = (dice >> np.uint64(24)) % np.uint64(63) + np.uint64(1)
        out[lane] = out[lane] ^ np.where(missing, code << np.uint64(shift), np.uint64(0))
        whose = np.where(other, dice, person)
        if one.banded:
            out[f"{one.lane}_band"] = mixed(person, slot, 7)
        if one.place is not None:
            lane, shift = one.place
            out[lane] = out[lane] ^ ((mixed(whose, slot, 8) & np.uint64(0xFFFF)) << np.uint64(shift))
        if one.filtered:
            for half in (0, 1):
                word = mixed(block, slot, 9, half) ^ mixed(whose, slot, 10, half)
                off = np.where(
                    close, mixed(dice, half) & mixed(dice, half, 1) & mixed(dice, half, 2), np.uint64(0)
                )
                out[f"{one.lane}_{half}"] = word ^ off


def _references(person: npt.NDArray[np.uint64], salt: int, *, partner: int) -> npt.NDArray[np.uint64]:
    return mixed(person, salt, partner, 5) >> np.uint64(1)


class Sealing(io.RawIOBase):
    """A sealer as a file to write."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        return self._sealer.write(bytes(data))


def statistics_of(schema: Schema, records: int) -> PartnerStatistics:
    """Rates as partners measure them: the better a level, the rarer two strangers reach it."""
    u = {}
    for name, c in schema.comparisons.items():
        agree = [0.0004, 0.0008, 0.001][: 3 if c.banded else 1] + [
            0.002 * 2**n for n in range(len(c.levels) - 1)
        ]
        u[name] = (*agree, 1 - sum(agree))
    for name, group in schema.together.items():
        agree = [0.001 * 2**n for n in range(len(group.levels))]
        u[name] = (*agree, 1 - sum(agree))
    return PartnerStatistics(records, dict.fromkeys(schema.comparisons, 0.9), u)


def write_world(inbox: Path, world: World, *, linker: Identity) -> list[Manifest]:
    """A whole submission of each partner in the linker's inbox: sealed token files of every pass, and a manifest."""
    out = []
    for partner, name in enumerate(PARTNERS):
        person = world.holds(partner)
        own = sorted_by_reference(person, partner=partner)
        files = [
            tokens_file(
                inbox / name, key, world, world.rows(key, own, partner=partner), name=name, linker=linker
            )
            for key in world.schema.match_keys
        ]
        out.append(signed_manifest([inbox / name], world, name=name, records=len(person), files=files))
    return out


def write_update(inbox: Path, world: World, *, base: Manifest, share: float, linker: Identity) -> Manifest:
    """An update of one partner: `share` of the records of all partners come again with other identifiers, as records do that were corrected."""
    partner = PARTNERS.index(base.partner)
    person = world.holds(partner)[: int(world.records * share)]
    folder = inbox / base.partner / "update-0001"
    files = []
    for key in world.schema.match_keys:
        rows = world.rows(key, person, partner=partner)
        files.append(tokens_file(folder, key, world, rows, name=base.partner, linker=linker))
        gone = np.concatenate([c["row_ref"] for c in world.rows(key, person, partner=partner)])
        content = write_gone(np.sort(gone), key=key.name, partner=base.partner)
        path = folder / f"{key.name}{GONE_SUFFIX}"
        files.append(
            sealed_file(path, content, to=linker, context=world.one.context(base.partner, key.name, GONE))
        )
    return signed_manifest(
        [folder], world, name=base.partner, records=base.statistics.records, files=files, base=base
    )


def sorted_by_reference(person: npt.NDArray[np.uint64], *, partner: int) -> npt.NDArray[np.uint64]:
    """The persons in an order that says nothing of their numbers."""
    return person[np.argsort(mixed(person, partner, 11), kind="stable")]


def tokens_file(
    folder: Path,
    key: MatchKey,
    world: World,
    rows: Iterable[dict[str, Any]],
    *,
    name: str,
    linker: Identity,
) -> SealedFile:
    """A sealed token file of these rows of the partner of this name."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{key.name}.tokens.sealed"
    with path.open("wb") as sink:
        sealer = Sealer(sink, to=linker.public, context=world.one.context(name, key.name))
        types = pass_types(world.schema, key, partner=name)
        with chunk_writer(Sealing(sealer), kind=TOKENS_FORMAT, types=types) as put:
            for piece in rows:
                put(piece)
        sealer.finish()
    return _listed(path)


def sealed_file(path: Path, content: bytes, *, to: Identity, context: bytes) -> SealedFile:
    """The content sealed in a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(seal(content, to=to.public, context=context))
    return _listed(path)


def _listed(path: Path) -> SealedFile:
    with path.open("rb") as source:
        return SealedFile(path.name, hashlib.file_digest(source, "sha256").hexdigest(), path.stat().st_size)


def signed_manifest(
    folders: Sequence[Path],
    world: World,
    *,
    name: str,
    records: int,
    files: list[SealedFile],
    base: Manifest | None = None,
) -> Manifest:
    """The manifest of a submission with these files, signed, in each of the folders where some of them lie."""
    manifest = Manifest(
        round=world.one,
        partner=name,
        submission=f"{name}-{world.one.epoch}-{files[0].sha256[:12]}",
        made_at="2026-11-22T12:00:00+00:00",
        key_check="0" * 8,
        files=tuple(files),
        statistics=statistics_of(world.schema, records),
        attributes={},
        token_gateway=world.gateways.get(name, "made-up"),
        kind="update" if base else "whole",
        base=Base(base.submission, base.digest) if base else None,
    )
    officer = world.officers.get(name) or Identity.make(f"{name}/officer")
    note = sign_note(manifest.text(), by=officer)
    for folder in folders:
        (folder / MANIFEST_NAME).write_text(note, encoding="utf-8")
    return manifest
