"""A small round of two partners, sealed and submitted, for the attacks on linkage."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from keys import Identity, Secret, TrustRegister
from keys.trust import Entry
from linkage.central.receive import Doorstep, Received, receive
from linkage.manifest import Round
from linkage.partner.normalise import Cleaner, ColumnMapping
from linkage.partner.submission import Recipients, Submission, attribute_table, seal_submission
from linkage.partner.tokenise import Tokeniser
from linkage.schema import Schema, default_schema, load_schema

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PARTNERS = ("police", "schools")
ATTRIBUTES = {"excluded": "excluded", "custody": "custody"}


@dataclass(frozen=True)
class SmallRound:
    """Who takes part, and what police and schools have submitted. `rows` holds what only the partners know."""

    schema: Schema
    one: Round
    secret: Secret
    people: dict[str, Identity]
    trust: TrustRegister
    rows: dict[str, pd.DataFrame]
    own: dict[str, Secret]
    submissions: dict[str, Submission]
    now: datetime

    @property
    def recipients(self) -> Recipients:
        return Recipients(*(self.people[n].public for n in ("linker", "assembler", "custodian")))

    def submit(
        self, folder: Path, *, partner: str, one: Round | None = None, secret: Secret | None = None
    ) -> Submission:
        """A new submission of the partner's rows."""
        rows = self.rows[partner]
        identifiers = {c: c for c in rows.columns if c not in ("id", *ATTRIBUTES)}
        mapping = ColumnMapping("id", identifiers, attributes=tuple(ATTRIBUTES.values()))
        cleaner = Cleaner(schema=self.schema, mapping=mapping, file="rows.csv")
        cleaner.add(pa.RecordBatch.from_pandas(rows[list(mapping.columns)], preserve_index=False))
        clean, _, attributes = cleaner.finish()
        tokeniser = Tokeniser(
            clean,
            schema=self.schema,
            secret=secret or self.secret,
            own=self.own[partner],
            randomness=np.random.default_rng(len(partner)).bytes,
        )
        return seal_submission(
            tokeniser,
            schema=self.schema,
            attributes=attribute_table(attributes, names=ATTRIBUTES, refs=tokeniser.refs),
            attribute_gateways=dict.fromkeys(ATTRIBUTES, "made-up gateway"),
            token_gateway="made-up gateway",  # noqa: S106  the name of a legal gateway
            one=one or self.one,
            secret=secret or self.secret,
            signer=self.people[f"{partner}/officer"],
            partner=partner,
            recipients=self.recipients,
            folder=folder,
            now=self.now,
        )

    def take_in(self, folder: Path, *, doorstep: Doorstep, now: datetime | None = None) -> Received:
        """The submission received at the doorstep."""
        return receive(
            folder,
            trust=self.trust,
            one=self.one,
            doorstep=doorstep,
            signer=self.people["centre"],
            now=now or self.now,
        )


def small_schema() -> Schema:
    """The default schema with four passes, so that a linkage takes a second."""
    keys = (
        "keys:\n"
        "  born-name: [date_of_birth.whole, name.any.sound]\n"
        "  names-year: [name.both.sound, date_of_birth.year]\n"
        "  postcode-day: [postcode.whole, date_of_birth.day-month]\n"
        "  house-year: [address.house, date_of_birth.year]\n"
    )
    return load_schema(default_schema().text.partition("keys:\n")[0] + keys)


def made_up(partner: str) -> pd.DataFrame:
    """Eighty people, sixty of them known to both partners, some with a slip in the surname."""
    rng = np.random.default_rng(11)
    first = np.array(["Mary", "Aisha", "Tom", "Wei", "Olga", "Femi", "Grace", "Ravi"])
    last = np.array(["Smith", "Okafor", "Patel", "Jones", "Nowak", "Khan", "Brown", "Evans", "Clarke", "Wood"])
    number = np.arange(100)
    rows = pd.DataFrame(
        {
            "forename": rng.choice(first, 100),
            "surname": rng.choice(last, 100),
            "date_of_birth": pd.Timestamp("1990-01-01") + pd.to_timedelta(rng.integers(0, 9000, 100), unit="D"),
            "sex": rng.choice(["M", "F"], 100),
            "postcode": [f"OX{n % 9 + 1} {n % 10}A{'BDEFG'[n % 5]}" for n in number],
            "address": [f"{n + 1} Mill Lane" for n in number],
            "town": "Oxford",
            "excluded": rng.choice(["excluded-yes", "excluded-no"], 100),
            "custody": rng.choice(["custody-yes", "custody-no"], 100),
        }
    )
    rows["date_of_birth"] = rows["date_of_birth"].dt.strftime("%Y-%m-%d")
    if partner == "schools":
        rows.loc[rows.index % 7 == 0, "surname"] += "e"
    rows.insert(0, "id", [f"local-{n:04d}" for n in number])
    return rows.iloc[:80] if partner == "police" else rows.iloc[20:]


@pytest.fixture(scope="session")
def small_round(tmp_path_factory: pytest.TempPathFactory) -> SmallRound:
    names = ("linker", "assembler", "custodian", "centre", "stranger", *(f"{p}/officer" for p in PARTNERS))
    people = {
        n: Identity.make(n, randomness=np.random.default_rng([5, at]).bytes) for at, n in enumerate(names)
    }
    entries = tuple(
        Entry(people[f"{p}/officer"].public, p, frozenset({"data-officer"}), datetime(2026, 1, 1, tzinfo=UTC))
        for p in PARTNERS
    )
    schema = small_schema()
    made = SmallRound(
        schema=schema,
        one=Round("safer-streets", 3, schema.digest),
        secret=Secret(np.random.default_rng(1).bytes(32), name="project"),
        people=people,
        trust=TrustRegister("safer-streets", 1, entries),
        rows={p: made_up(p) for p in PARTNERS},
        own={p: Secret(np.random.default_rng([2, at]).bytes(32), name=p) for at, p in enumerate(PARTNERS)},
        submissions={},
        now=NOW,
    )
    folder = tmp_path_factory.mktemp("sent")
    for partner in PARTNERS:
        made.submissions[partner] = made.submit(folder / partner, partner=partner)
    return made


@pytest.fixture
def doorstep(tmp_path: Path) -> Doorstep:
    return Doorstep(tmp_path / "linker", tmp_path / "assembler", tmp_path / "desk")


@pytest.fixture
def copy_of(small_round: SmallRound, tmp_path: Path) -> Callable[[str], Path]:
    """A copy of a partner's submission, to be altered."""

    def copied(partner: str) -> Path:
        folder = tmp_path / "arrived" / partner
        shutil.copytree(small_round.submissions[partner].folder, folder)
        return folder

    return copied
