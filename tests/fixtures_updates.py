"""A round of two partners whose files change: for what is sent then, what the centre takes in, and what is linked."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from keys import Identity, Secret, TrustRegister
from keys.trust import Entry
from linkage.central.assemble import Linkage, open_maps, run_assembler
from linkage.central.link import open_tables, run_linker
from linkage.central.receive import Doorstep, read_manifests, receive
from linkage.manifest import RECORDS, Manifest, Round
from linkage.partner.submission import Recipients
from linkage.partner.tokens import statistics
from linkage.schema import Schema, load_schema
from service.officer.intake import Export
from service.officer.mapping_file import MappingFile
from service.officer.office import Office
from service.officer.updates import Changed, submit_update, submit_whole

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PARTNERS = ("police", "schools")
PEOPLE = 260
IDENTIFIERS = ("forename", "surname", "date_of_birth", "sex", "postcode", "address", "town")
FIRST = ["Mary", "Aisha", "Tom", "Wei", "Olga", "Femi", "Grace", "Ravi"]
LAST = ["Smith", "Okafor", "Patel", "Jones", "Nowak", "Khan", "Brown", "Evans", "Clarke", "Wood"]


@dataclass
class Round1:
    """One round: its people and folders. `home` is the partners' side, `centre` the doorstep."""

    root: Path
    schema: Schema
    people: dict[str, Identity]
    secret: Secret
    own: dict[str, Secret]

    @property
    def one(self) -> Round:
        return Round("safer-streets", 3, self.schema.digest)

    @property
    def doorstep(self) -> Doorstep:
        return Doorstep(*(self.root / n for n in ("linker", "assembler", "desk")))

    @property
    def trust(self) -> TrustRegister:
        since = datetime(2026, 1, 1, tzinfo=UTC)
        entries = (
            Entry(self.people[f"{p}/officer"].public, p, frozenset({"data-officer"}), since) for p in PARTNERS
        )
        return TrustRegister("safer-streets", 1, tuple(entries))

    def office(self, partner: str) -> Office:
        recipients = Recipients(*(self.people[n].public for n in ("linker", "assembler", "custodian")))
        return Office(
            self.people[f"{partner}/officer"], self.secret, self.own[partner], self.one, self.schema, recipients
        )

    def arguments(self, partner: str, out: str) -> dict[str, Any]:
        return {
            "office": self.office(partner),
            "ledger": self.root / partner / "ledger",
            "out": self.root / partner / out,
            "now": NOW,
        }

    def export(self, rows: pd.DataFrame, partner: str, using: MappingFile | None = None) -> Export:
        return Export(self.write(rows, partner), using or mapping(partner), self.root / partner)

    def write(self, rows: pd.DataFrame, partner: str) -> Path:
        path = self.root / partner / "export.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        rows.to_csv(path, index=False)
        return path

    def whole(self, rows: pd.DataFrame, partner: str, out: str) -> Manifest:
        rng = np.random.default_rng(len(partner))
        export = self.export(rows, partner)
        sent = submit_whole(export, **self.arguments(partner, out), randomness=rng.bytes)
        return sent.submission.manifest

    def update(
        self, rows: pd.DataFrame, partner: str, out: str, using: MappingFile | None = None, **more: Any
    ) -> Changed:
        rng = np.random.default_rng(len(partner))
        arguments = self.arguments(partner, out) | more
        return submit_update(self.export(rows, partner, using), **arguments, randomness=rng.bytes)

    def take_in(self, folder: Path) -> Manifest:
        centre = self.people["centre"]
        return receive(
            folder, trust=self.trust, one=self.one, doorstep=self.doorstep, signer=centre, now=NOW
        ).manifest

    def manifests(self, place: Path) -> list[Manifest]:
        return read_manifests(place, trust=self.trust, one=self.one, now=NOW)

    def link(self) -> Linkage:
        run_linker(
            self.doorstep.linker, out=self.root / "pairs", schema=self.schema, one=self.one,
            manifests=self.manifests(self.doorstep.linker), linker=self.people["linker"],
            assembler=self.people["assembler"].public, link_type="link_and_dedupe",
        )  # fmt: skip
        return run_assembler(
            self.doorstep.assembler, pairs=self.root / "pairs", one=self.one,
            manifests=self.manifests(self.doorstep.assembler), assembler=self.people["assembler"],
            linker=self.people["linker"].public, threshold=0.5,
        )  # fmt: skip


def mapping(partner: str) -> MappingFile:
    return MappingFile(
        mapping="linkage-mapping/v1",
        partner=partner,
        record_id="id",
        identifiers={i: i for i in IDENTIFIERS},
        attributes={"custody": "custody"},
        token_gateway="made-up gateway",  # noqa: S106  the name of a legal gateway
        attribute_gateways={"custody": "made-up gateway"},
    )


def file_of(partner: str) -> pd.DataFrame:
    """Two thirds of the people each, some with a slip in the surname; ids begin with the person's number."""
    rng = np.random.default_rng(11)
    number = np.arange(PEOPLE)
    born = pd.Timestamp("1990-01-01") + pd.to_timedelta(rng.integers(0, 9000, PEOPLE), unit="D")
    rows = pd.DataFrame(
        {
            "id": [f"{n:04d}-{partner}" for n in number],
            "forename": rng.choice(FIRST, PEOPLE),
            "surname": rng.choice(LAST, PEOPLE),
            "date_of_birth": born.strftime("%Y-%m-%d"),
            "sex": rng.choice(["M", "F"], PEOPLE),
            "postcode": [f"OX{n % 9 + 1} {n % 10}A{'BDEFG'[n % 5]}" for n in number],
            "address": [f"{n + 1} Mill Lane" for n in number],
            "town": "Oxford",
            "custody": rng.choice(["yes", "no"], PEOPLE),
        }
    )
    if partner == "schools":
        rows.loc[rows.index % 7 == 0, "surname"] += "e"
    return rows.iloc[: PEOPLE * 2 // 3] if partner == "police" else rows.iloc[PEOPLE // 3 :]


def changed(rows: pd.DataFrame) -> pd.DataFrame:
    """Some people left, some came, some moved or married, some only in custody now; one surname became so common that its band changed."""
    rows = rows.iloc[12:].copy()
    rows.iloc[5:25, rows.columns.get_loc("postcode")] = "RG1 1AA"
    rows.iloc[30:70, rows.columns.get_loc("surname")] = "Smith"
    rows.iloc[80:90, rows.columns.get_loc("custody")] = "unknown"
    new = file_of("police").iloc[40:55].copy()
    new["id"] = [f"9{n:03d}-new" for n in range(len(new))]
    new["forename"] = "Newcomer"
    return pd.concat([rows, new.assign(address=[f"{n} New Road" for n in range(len(new))])])


def round_in(root: Path, few_keys: str) -> Round1:
    """Few records may share a value, and names are common from an eighth of the file on: so what changes in some records changes rows of others."""
    text = few_keys.replace("most_people_per_key: 1\n", "most_people_per_key: 6\n")
    text = text.replace("bands: [0.0004, 0.004]", "bands: [0.05, 0.125]")
    assert text.count("most_people_per_key: 6") == text.count("0.125]") == 1
    names = ("linker", "assembler", "custodian", "centre", *(f"{p}/officer" for p in PARTNERS))
    return Round1(
        root,
        load_schema(text),
        {n: Identity.make(n, randomness=np.random.default_rng([5, at]).bytes) for at, n in enumerate(names)},
        Secret(bytes(range(32)), name="project"),
        {p: Secret(bytes([at] * 32), name=p) for at, p in enumerate(PARTNERS)},
    )


@pytest.fixture
def rates_of_few_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "PAIRS", 20_000)


@pytest.fixture
def at_home(rates_of_few_pairs: None, tmp_path: Path, few_keys: str) -> Round1:
    """Police have submitted their whole file, and it has come in."""
    made = round_in(tmp_path, few_keys)
    made.whole(file_of("police"), "police", "whole")
    made.take_in(tmp_path / "police" / "whole")
    return made


def opened(made: Round1, linker: Path, assembler: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    keys = made.schema.match_keys
    tables = {
        k.name: open_tables(
            k, inbox=linker, manifests=made.manifests(linker), schema=made.schema, one=made.one,
            linker=made.people["linker"],
        )["police"]
        for k in keys
    }  # fmt: skip
    maps = open_maps(
        [*(k.name for k in keys), RECORDS], inbox=assembler, manifests=made.manifests(assembler), one=made.one,
        assembler=made.people["assembler"],
    )  # fmt: skip
    return tables, {k: m["police"] for k, m in maps.items()}


def read_one(made: Round1) -> Manifest:
    return made.manifests(made.doorstep.desk)[0]
