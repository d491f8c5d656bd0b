"""Submissions that change: after updates and withdrawals the linkage is what a fresh submission of the whole file gives."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from keys import BadSeal, Identity, Secret, TrustRegister
from keys.columns import unwrap_column_key
from keys.trust import Entry
from linkage.central.assemble import Linkage, open_maps, run_assembler
from linkage.central.current import current_attributes
from linkage.central.link import open_pairs, open_tables, run_linker, run_update
from linkage.central.pairs.chunks import Room
from linkage.central.pairs.learn import score
from linkage.central.pairs.model import Model
from linkage.central.pairs.run import RUN_NAME, Run
from linkage.central.pairs.since import in_full_because, runs_in
from linkage.central.pairs.token_files import Tokens
from linkage.central.receive import Doorstep, read_manifests, receive, withdraw
from linkage.errors import BadInput, BadSubmission
from linkage.manifest import RECORDS, Manifest, Round
from linkage.partner.ledger.folder import LedgerFolder
from linkage.partner.ledger.ledger import Ledger
from linkage.partner.ledger.withdrawal import seal_withdrawal
from linkage.partner.submission import Recipients, Terms
from linkage.partner.tokenise import record_refs
from linkage.partner.tokens import statistics
from linkage.schema import Schema, load_schema
from service.demonstration.local import find_record, find_row
from service.demonstration.partners import Export, Office
from service.officer.mapping_file import MappingFile
from service.officer.updates import Changed, submit_update, submit_whole, withdraw_records

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


@pytest.fixture(autouse=True)
def few_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "PAIRS", 20_000)


@pytest.fixture
def at_home(tmp_path: Path, few_keys: str) -> Round1:
    """Police have submitted their whole file, and it has come in."""
    made = round_in(tmp_path, few_keys)
    made.whole(file_of("police"), "police", "whole")
    made.take_in(tmp_path / "police" / "whole")
    return made


def partition(linkage: Linkage) -> set[frozenset[tuple[str, bytes]]]:
    """The people as sets of their records."""
    out: dict[int, set[tuple[str, bytes]]] = {}
    for at, person in enumerate(linkage.person):
        partner = linkage.records.partners[linkage.records.partner[at]]
        out.setdefault(int(person), set()).add((partner, bytes(linkage.records.record_ref[at])))
    return {frozenset(records) for records in out.values()}


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


def test_a_linkage_after_updates_is_that_of_fresh_whole_files(tmp_path: Path, few_keys: str) -> None:
    updated, fresh = round_in(tmp_path / "updated", few_keys), round_in(tmp_path / "fresh", few_keys)
    first, last = file_of("police"), changed(file_of("police"))
    between = pd.concat([first.iloc[6:], last.iloc[-3:]])
    for made in (updated, fresh):
        made.whole(file_of("schools"), "schools", "whole")
        made.take_in(made.root / "schools" / "whole")
    for out, rows in (("whole", first), ("update-1", between), ("update-2", last)):
        if out == "whole":
            updated.whole(rows, "police", out)
        else:
            updated.update(rows, "police", out)
        updated.take_in(updated.root / "police" / out)
    fresh.whole(last, "police", "whole")
    fresh.take_in(fresh.root / "police" / "whole")

    ours, theirs = (opened(m, m.doorstep.linker, m.doorstep.assembler) for m in (updated, fresh))
    for key, table in theirs[0].items():
        settled = [
            "row_ref",
            "block",
            *(n for n in table.columns if n.startswith(("forename", "surname", "name", "date"))),
        ]
        assert len(settled) > 4
        for lane in settled:
            np.testing.assert_array_equal(
                ours[0][key].columns[lane], table.columns[lane], err_msg=f"{key} {lane}"
            )
    np.testing.assert_array_equal(ours[1][RECORDS].record_ref, theirs[1][RECORDS].record_ref)
    heads = [m.manifests(m.doorstep.linker)[0] for m in (updated, fresh)]
    assert heads[0].statistics == heads[1].statistics

    linkages = [m.link() for m in (updated, fresh)]
    assert partition(linkages[0]) == partition(linkages[1])
    truth = {
        bytes(ref): str(i)[:4]
        for partner, rows in (("police", last), ("schools", file_of("schools")))
        for i, ref in zip(rows["id"], record_refs(list(rows["id"]), own=updated.own[partner]), strict=True)
    }
    right = [p for p in partition(linkages[0]) if len(p) == 2 and len({truth[ref] for _, ref in p}) == 1]
    assert len(right) > 50


def test_an_update_holds_only_what_changed_and_says_so(at_home: Round1) -> None:
    rows = changed(file_of("police"))
    sent = at_home.update(rows, "police", "update")
    assert (sent.fresh, sent.attributes, sent.gone) == (15, 10, 12)
    assert 40 < sent.altered <= 60
    assert sent.says().startswith(
        f"15 records are new, {sent.altered} have other identifiers, 10 only other attributes, 12 are gone"
    )
    made = sent.submission.manifest
    assert (made.kind, made.gone) == ("update", round(12 + sent.altered, -1))
    assert made.base is not None
    assert made.base.submission == read_one(at_home).submission
    sizes = {f.name: f.size for f in made.files}
    before = {f.name: f.size for f in read_one(at_home).files}
    assert sizes["records.map.sealed"] < before["records.map.sealed"] * 0.7


def read_one(made: Round1) -> Manifest:
    return made.manifests(made.doorstep.desk)[0]


def test_rows_of_unchanged_records_are_sent_again_where_the_rest_of_the_file_decides(at_home: Round1) -> None:
    """A surname that becomes common changes the band of all who bear it, and may take their rows out of a pass."""
    before = opened(at_home, at_home.doorstep.linker, at_home.doorstep.assembler)[0]
    sent = at_home.update(changed(file_of("police")), "police", "update")
    at_home.take_in(sent.submission.folder)
    after = opened(at_home, at_home.doorstep.linker, at_home.doorstep.assembler)[0]
    bands = sent.submission.changes
    assert bands is not None
    both = [np.isin(after[k].columns["row_ref"], before[k].columns["row_ref"]) for k in after]
    assert all(b.any() for b in both)
    lane = "name_a_band"
    at = np.searchsorted(before["names-year"].columns["row_ref"], after["names-year"].columns["row_ref"])
    same = np.isin(after["names-year"].columns["row_ref"], before["names-year"].columns["row_ref"])
    moved = before["names-year"].columns[lane][at[same]] != after["names-year"].columns[lane][same]
    assert moved.any()


def test_an_update_without_changes_may_be_sent_and_says_that_it_is_empty(at_home: Round1) -> None:
    before = opened(at_home, at_home.doorstep.linker, at_home.doorstep.assembler)
    sent = at_home.update(file_of("police"), "police", "update")
    assert (
        sent.says()
        == "nothing has changed since the last submission; the update is empty and may still be sent"
    )
    assert sent.submission.manifest.gone == 0
    at_home.take_in(sent.submission.folder)
    after = opened(at_home, at_home.doorstep.linker, at_home.doorstep.assembler)
    for key, table in before[0].items():
        for name, lane in table.columns.items():
            np.testing.assert_array_equal(after[0][key].columns[name], lane)
        np.testing.assert_array_equal(after[1][key].record_ref, before[1][key].record_ref)


def values(made: Round1) -> dict[bytes, str | None]:
    """What the desk would read of each record, with the custodian's key."""
    custodian = made.people["custodian"]
    table = current_attributes(
        made.doorstep.desk, head=read_one(made), columns=["custody"],
        unwrap=lambda wrapped, key_id: unwrap_column_key(wrapped, key_id=key_id, by=custodian).expose(),
    )  # fmt: skip
    refs = table.column("record_ref").to_pylist()
    assert len(set(refs)) == len(refs)
    return dict(zip(refs, table.column("custody").to_pylist(), strict=True))


def test_attributes_of_gone_records_are_not_used_any_more(at_home: Round1) -> None:
    first, last = file_of("police"), changed(file_of("police"))
    sent = at_home.update(last, "police", "update")
    at_home.take_in(sent.submission.folder)
    found = values(at_home)
    refs = record_refs(list(last["id"]), own=at_home.own["police"])
    assert {found.pop(bytes(r)) == v for r, v in zip(refs, last["custody"], strict=True)} == {True}
    left = first[~first["id"].isin(last["id"])]["id"]
    assert found == {bytes(r): None for r in record_refs(list(left), own=at_home.own["police"])}
    assert len(found) == 12


def test_records_are_withdrawn_by_their_ids_without_the_file_and_stay_out(at_home: Round1) -> None:
    rows = file_of("police")
    taken = rows.iloc[[3, 50, 120]]
    ids = at_home.root / "police" / "withdraw.csv"
    taken[["id"]].to_csv(ids, index=False)
    sent = withdraw_records(ids, mapping=mapping("police"), **at_home.arguments("police", "withdrawal"))
    assert sent.gone == 3
    assert "so few (3)" in sent.says()
    at_home.take_in(sent.submission.folder)
    refs = {bytes(r) for r in record_refs(list(taken["id"]), own=at_home.own["police"])}

    def known() -> set[bytes]:
        tables, maps = opened(at_home, at_home.doorstep.linker, at_home.doorstep.assembler)
        for key, table in tables.items():
            np.testing.assert_array_equal(np.isin(table.columns["row_ref"], maps[key].row_ref), True)
        return {bytes(r) for m in maps.values() for r in m.record_ref}

    assert not known() & refs
    assert {ref: v for ref, v in values(at_home).items() if ref in refs} == dict.fromkeys(refs)
    again = at_home.update(rows, "police", "again")
    assert again.says().endswith("3 that were withdrawn before stay out")
    at_home.take_in(again.submission.folder)
    assert not known() & refs
    with pytest.raises(BadInput, match=r"withdraw.csv, row 2: no record of this id"):
        withdraw_records(ids, mapping=mapping("police"), **at_home.arguments("police", "twice"))
    ids.write_text("0003-police\n0004-police\n", "utf-8")
    with pytest.raises(BadInput, match="its first row should be the heading 'id'"):
        withdraw_records(ids, mapping=mapping("police"), **at_home.arguments("police", "twice"))


def test_only_the_update_that_follows_the_latest_submission_comes_in(at_home: Round1) -> None:
    rows = file_of("police")
    whole = at_home.root / "police" / "whole"
    one = at_home.update(rows.iloc[10:], "police", "one").submission
    two = at_home.update(rows.iloc[20:], "police", "two").submission
    base = read_one(at_home).submission
    here = files_of(at_home.root)

    def refused(folder: Path, saying: str) -> None:
        with pytest.raises(BadSubmission, match=saying):
            at_home.take_in(folder)
        assert files_of(at_home.root) == here

    refused(two.folder, f"follows {one.manifest.submission}; the latest of police here is {base}")
    refused(whole, "is here already: withdraw it first")
    at_home.take_in(one.folder)
    here = files_of(at_home.root)
    refused(one.folder, f"{one.manifest.submission} is here already: an update comes in once")
    at_home.take_in(two.folder)
    here = files_of(at_home.root)
    refused(one.folder, "is here already")
    refused(two.folder, "is here already")
    withdraw("police", doorstep=at_home.doorstep)
    assert not any(
        p.is_file() for place in ("linker", "assembler", "desk") for p in (at_home.root / place).rglob("*")
    )
    here = files_of(at_home.root)
    refused(one.folder, f"nothing of police is here: take in {base} first")
    at_home.take_in(whole)
    at_home.take_in(one.folder)


def files_of(root: Path) -> dict[str, bytes]:
    """Every file at the centre, hidden ones too."""
    places = ("linker", "assembler", "desk")
    return {str(p): p.read_bytes() for place in places for p in (root / place).rglob("*") if p.is_file()}


def test_an_update_that_was_altered_at_the_centre_is_not_linked(at_home: Round1) -> None:
    for out, some in (("one", slice(10, None)), ("two", slice(20, None))):
        at_home.take_in(at_home.update(file_of("police").iloc[some], "police", out).submission.folder)
    inbox = at_home.doorstep.linker
    chain = inbox / "police"

    def refused(saying: str) -> None:
        with pytest.raises(BadSubmission, match=saying):
            opened(at_home, inbox, at_home.doorstep.assembler)

    opened(at_home, inbox, at_home.doorstep.assembler)
    (chain / "update-0001").rename(chain / "held")
    refused("follows")
    (chain / "held").rename(chain / "update-0001")
    (chain / "update-0001").rename(chain / "update-0003")
    refused("follows")
    (chain / "update-0003").rename(chain / "update-0001")
    gone = chain / "update-0002" / "born-name.gone.sealed"
    content = gone.read_bytes()
    gone.write_bytes((chain / "update-0001" / "born-name.gone.sealed").read_bytes())
    refused("is not the file of its manifest")
    gone.write_bytes(content)
    shutil.copytree(chain / "update-0002", chain / "update-0003")
    refused("follows")


def forged(made: Round1, rows: list[str], change: Callable[[Ledger], Ledger]) -> Path:
    """A withdrawal of these records as an officer would make it whose ledger says something else than what was sent."""
    office, out = made.office("police"), made.root / "police" / "forged"
    folder = LedgerFolder(
        made.root / "police" / "ledger", officer=office.officer, one=made.one, partner="police"
    )
    one = mapping("police")
    with folder.opened() as ledgers:
        seal_withdrawal(
            change(ledgers.latest()), refs=record_refs(rows, own=office.own),
            terms=Terms(made.one, office.secret, "police", one.attribute_gateways, one.token_gateway, NOW),
            schema=made.schema, signer=office.officer, recipients=office.recipients, folder=out, ledgers=ledgers,
        )  # fmt: skip
    return out


def test_an_update_that_takes_back_what_was_never_sent_is_not_linked(at_home: Round1) -> None:
    def other_rows(ledger: Ledger) -> Ledger:
        return replace(ledger, passes={k: replace(p, row_ref=p.row_ref + 1) for k, p in ledger.passes.items()})

    at_home.take_in(forged(at_home, ["0001-police"], other_rows))
    with pytest.raises(BadSubmission, match="takes back rows of born-name that are not there"):
        opened(at_home, at_home.doorstep.linker, at_home.doorstep.assembler)


def test_an_update_that_takes_back_records_that_were_never_sent_is_not_assembled(at_home: Round1) -> None:
    never = record_refs(["never sent"], own=at_home.own["police"])

    def other_records(ledger: Ledger) -> Ledger:
        refs = ledger.refs.copy()
        refs[0] = never[0]
        rows = {k: replace(p, record=np.ones_like(p.record)) for k, p in ledger.passes.items()}
        return replace(ledger, refs=refs, passes=rows)

    at_home.take_in(forged(at_home, ["never sent"], other_records))
    with pytest.raises(BadSubmission, match="takes back records that are not there"):
        opened(at_home, at_home.doorstep.linker, at_home.doorstep.assembler)


def test_an_update_that_brings_what_is_there_already_is_not_linked(at_home: Round1) -> None:
    """As when a ledger forgot records: they are sent again, and nothing is taken back."""
    office = at_home.office("police")
    folder = LedgerFolder(
        at_home.root / "police" / "ledger", officer=office.officer, one=at_home.one, partner="police"
    )
    with folder.opened() as ledgers:
        ledger = ledgers.latest()
        nothing = {
            k: replace(p, row_ref=p.row_ref[:0], record=p.record[:0], bands=p.bands[:0])
            for k, p in ledger.passes.items()
        }
        few = {n: getattr(ledger, n)[:0] for n in ("refs", "values", "attributes")}
        ledgers.wait(replace(ledger, passes=nothing, **few), out=at_home.root / "police" / "whole")
        ledgers.keep(ledger.manifest.submission)
    at_home.take_in(at_home.update(file_of("police"), "police", "again").submission.folder)
    with pytest.raises(BadSubmission, match="brings rows of born-name that are there already"):
        opened(at_home, at_home.doorstep.linker, at_home.doorstep.assembler)
    with pytest.raises(BadSubmission, match="brings records that are there already"):
        open_maps(
            [RECORDS], inbox=at_home.doorstep.assembler, manifests=at_home.manifests(at_home.doorstep.assembler),
            one=at_home.one, assembler=at_home.people["assembler"],
        )  # fmt: skip


def test_an_officer_goes_back_to_the_submission_that_the_centre_has(at_home: Round1) -> None:
    rows = file_of("police")
    base = read_one(at_home).submission
    at_home.update(rows.iloc[10:], "police", "lost")
    again = at_home.update(rows.iloc[20:], "police", "again", after=base)
    at_home.take_in(again.submission.folder)
    assert again.gone == 20
    with pytest.raises(BadInput, match="holds no ledger of police-3-000000000000; it has"):
        at_home.update(rows, "police", "other", after="police-3-000000000000")


def test_an_update_needs_the_ledger_secrets_and_gateways_of_the_submission_before(at_home: Round1) -> None:
    rows = file_of("police")
    office = at_home.office("police")
    other = Secret(b"o" * 32, name="other")
    stranger = Identity.make("stranger", randomness=np.random.default_rng(8).bytes)
    schemas = replace(office, one=Round("safer-streets", 3, "0" * 64))
    for changes, saying in (
        ({"ledger": at_home.root / "empty"}, "holds no ledger of this round"),
        ({"office": replace(office, own=other)}, "another own secret"),
        ({"office": replace(office, secret=other)}, "another project secret"),
        ({"office": replace(office, officer=stranger)}, "does not open here"),
        ({"office": schemas}, "does not open here"),
        (
            {"using": mapping("police").model_copy(update={"token_gateway": "another"})},
            "other attributes or gateways",
        ),
    ):
        with pytest.raises(BadInput, match=saying):
            at_home.update(rows, "police", "refused", **changes)
        assert not list((at_home.root / "police").glob("*refused*"))


def test_a_ledger_is_the_officers_alone_and_names_nobody(at_home: Round1) -> None:
    folder = at_home.root / "police" / "ledger"
    at_home.update(file_of("police").iloc[9:], "police", "one")
    at_home.update(file_of("police").iloc[20:], "police", "two")
    files = sorted(folder.iterdir())
    assert [f.name[:4] for f in files] == ["0002", "0003"]
    assert {f.stat().st_mode & 0o777 for f in files} == {0o600}
    made = at_home.office("police")
    with LedgerFolder(folder, officer=made.officer, one=made.one, partner="police").opened() as ledgers:
        ledger = ledgers.latest()
    plain = repr(ledger).encode() + b"".join(
        a.tobytes() for a in (ledger.refs, ledger.values, ledger.attributes)
    )
    for word in (b"Okafor", b"0100-police", b"Mill Lane"):
        assert word not in plain
    assert set(ledger.passes) == {k.name for k in at_home.schema.match_keys}


def test_a_reference_leads_back_to_a_record_for_the_holder_of_the_own_secret_alone(at_home: Round1) -> None:
    rows = file_of("police")
    file = at_home.root / "police" / "export.csv"
    own, secret = at_home.own["police"], at_home.secret
    ref = record_refs([rows["id"].iloc[41]], own=own)[0].tobytes().hex()
    found = find_record(ref, own=own, file=file, mapping=mapping("police"))
    assert (found.row, found.record_id) == (43, rows["id"].iloc[41])
    tables, maps = opened(at_home, at_home.doorstep.linker, at_home.doorstep.assembler)
    row = next(
        r
        for r, of in zip(maps["house-year"].row_ref, maps["house-year"].record_ref, strict=True)
        if bytes(of).hex() == ref
    )
    assert row in tables["house-year"].columns["row_ref"]
    where = {"file": file, "mapping": mapping("police"), "schema": at_home.schema}
    assert find_row(str(row), key="house-year", own=own, secret=secret, **where) == found
    for other in (at_home.own["schools"], secret):
        with pytest.raises(BadInput, match="not found"):
            find_record(ref, own=other, file=file, mapping=mapping("police"))
        with pytest.raises(BadInput, match="not found"):
            find_row(str(row), key="house-year", own=other, secret=secret, **where)
    with pytest.raises(BadInput, match="not found"):
        find_row(str(row), key="born-name", own=own, secret=secret, **where)
    for wrong in ("", "12", ref[:-1], f"{ref}0", "z" * 32):
        with pytest.raises(BadInput, match="32 hexadecimal digits"):
            find_record(wrong, own=own, file=file, mapping=mapping("police"))


Pair = tuple[str, str, int, str, int]


def centre_of(made: Round1, model: Model | None = None) -> dict[str, Any]:
    """What every run of the linker is told."""
    about: dict[str, Any] = {
        "out": made.root / "pairs", "schema": made.schema, "one": made.one, "manifests": made.manifests(made.doorstep.linker),
        "linker": made.people["linker"], "assembler": made.people["assembler"].public,
    }  # fmt: skip
    return about | ({"link_type": "link_and_dedupe"} if model is None else {"model": model})


def pairs_in(made: Round1, folder: Path, run: Run) -> dict[Pair, list[float]]:
    """The pairs that a run tells, with their weights."""
    out: dict[Pair, list[float]] = {}
    for name in run.files:
        key = name.partition(".")[0]
        table = open_pairs(
            (folder / name).read_bytes(), key=key, one=made.one, assembler=made.people["assembler"]
        )
        for row in table.to_pylist():
            pair = (key, row["source_l"], row["row_ref_l"], row["source_r"], row["row_ref_r"])
            out.setdefault(pair, []).append(row["match_weight"])
    return {pair: sorted(weights) for pair, weights in out.items()}


def rows_of(made: Round1) -> dict[str, dict[str, Any]]:
    about = centre_of(made)
    return {
        k.name: open_tables(k, inbox=made.doorstep.linker, **{n: about[n] for n in ("manifests", "schema", "one", "linker")})
        for k in made.schema.match_keys
    }  # fmt: skip


def linked_in_steps(made: Round1, model: Model) -> dict[Pair, list[float]]:
    """The pairs of all runs: what a later run tells of a pair counts, and rows that are gone are no pair."""
    runs = runs_in(made.root / "pairs", one=made.one, linker=made.people["linker"].public)
    folders = [made.root / "pairs", *sorted((made.root / "pairs").glob("update-*"))]
    assert len(runs) == len(folders)
    out: dict[Pair, list[float]] = {}
    for folder, run in zip(folders, runs, strict=True):
        assert run.model == model.digest
        out |= pairs_in(made, folder, run)
    here = {
        (k, p): set(t.columns["row_ref"].tolist()) for k, its in rows_of(made).items() for p, t in its.items()
    }
    return {
        pair: weights
        for pair, weights in out.items()
        if pair[2] in here[pair[0], pair[1]]
        and pair[4] in here[pair[0], pair[3]]
        and weights[-1] > np.log2(0.01 / 0.99)
    }


def linked_anew(made: Round1, model: Model) -> dict[Pair, list[float]]:
    """The pairs of everything that is here, scored by the same model at once."""
    tables = rows_of(made)
    out: dict[Pair, list[float]] = {}
    for key, scored in score(lambda k: tables[k.name], model=model, schema=made.schema).items():
        for row in scored.to_pylist():
            pair = (key, row["source_l"], row["row_ref_l"], row["source_r"], row["row_ref_r"])
            out.setdefault(pair, []).append(row["match_weight"])
    return {pair: sorted(weights) for pair, weights in out.items()}


@pytest.mark.parametrize(
    ("room", "keep"),
    [(Room(), False), (Room(), True), (Room(chunk=30_000, held=60_000), True)],
    ids=["read again", "kept rows", "chunks"],
)
def test_incremental_runs_give_the_pairs_and_scores_of_a_full_run_with_the_same_model(
    at_home: Round1, tmp_path: Path, room: Room, keep: bool
) -> None:
    """Records come, change and go; a band of names moves; then a new partner comes."""
    first, last = file_of("police"), changed(file_of("police"))
    model = run_linker(at_home.doorstep.linker, **centre_of(at_home), room=room, keep=keep)
    assert bool(list(at_home.doorstep.linker.rglob("*.rows.sealed"))) == keep
    assert run_update(at_home.doorstep.linker, **centre_of(at_home, model)) is None
    between = pd.concat([first.iloc[6:], last.iloc[-3:]])
    for number, rows in enumerate((between, last), 1):
        at_home.take_in(at_home.update(rows, "police", f"update-{number}").submission.folder)
        made = run_update(at_home.doorstep.linker, **centre_of(at_home, model), room=room)
        assert made == tmp_path / "pairs" / f"update-{number:04d}"
    at_home.whole(file_of("schools"), "schools", "whole")
    at_home.take_in(tmp_path / "schools" / "whole")
    assert run_update(at_home.doorstep.linker, **centre_of(at_home, model), room=room) is not None
    in_steps, anew = linked_in_steps(at_home, model), linked_anew(at_home, model)
    assert len(anew) > 300
    assert {p[1] for p in anew} | {p[3] for p in anew} == {"police", "schools"}
    assert in_steps == anew


def test_an_incremental_run_tells_only_pairs_with_a_new_row(at_home: Round1, tmp_path: Path) -> None:
    at_home.whole(file_of("schools"), "schools", "whole")
    at_home.take_in(tmp_path / "schools" / "whole")
    model = run_linker(at_home.doorstep.linker, **centre_of(at_home))
    before = {k: t["police"] for k, t in rows_of(at_home).items()}
    newcomers = changed(file_of("police")).iloc[-15:]
    at_home.take_in(
        at_home.update(pd.concat([file_of("police"), newcomers]), "police", "update-1").submission.folder
    )
    folder = run_update(at_home.doorstep.linker, **centre_of(at_home, model))
    assert folder is not None
    told = pairs_in(
        at_home, folder, runs_in(tmp_path / "pairs", one=at_home.one, linker=at_home.people["linker"].public)[1]
    )
    sent = at_home.manifests(at_home.doorstep.linker)[0]
    assert sent.kind == "update"
    old = {k: set(t.columns["row_ref"].tolist()) for k, t in before.items()}
    fresh = [
        p
        for p in told
        if (p[1] == "police" and p[2] not in old[p[0]]) or (p[3] == "police" and p[4] not in old[p[0]])
    ]
    again = len(told) - len(fresh)
    assert len(fresh) > 10
    assert again < len(linked_anew(at_home, model)) / 3
    assert not list(tmp_path.glob("pairs/.*"))


def test_an_incremental_run_that_nothing_can_be_added_to_is_refused(at_home: Round1, tmp_path: Path) -> None:
    linker = at_home.doorstep.linker
    model = run_linker(linker, **centre_of(at_home))
    at_home.take_in(at_home.update(changed(file_of("police")), "police", "update-1").submission.folder)
    with pytest.raises(BadSubmission, match="not the one that pairs/ was scored by"):
        run_update(linker, **centre_of(at_home, replace(model, threshold=0.5)))
    withdraw("police", doorstep=at_home.doorstep)
    at_home.whole(changed(file_of("police")), "police", "whole-again")
    at_home.take_in(tmp_path / "police" / "whole-again")
    with pytest.raises(BadSubmission, match="what police has here does not follow what was linked before"):
        run_update(linker, **centre_of(at_home, model))
    shutil.rmtree(tmp_path / "pairs")
    with pytest.raises(BadSubmission, match="run is not finished"):
        run_update(linker, **centre_of(at_home, model))


def test_only_what_is_new_is_linked_unless_there_is_a_reason_to_link_everything(
    at_home: Round1, tmp_path: Path
) -> None:
    linker = at_home.doorstep.linker
    model = run_linker(linker, **centre_of(at_home))

    def because(model: Model | None = model) -> str | None:
        about = {n: centre_of(at_home)[n] for n in ("manifests", "schema", "one", "linker")}
        return in_full_because(tmp_path / "pairs", Tokens.of(linker, **about), model=model)

    assert because() == "nothing is new since the last run"
    at_home.take_in(at_home.update(changed(file_of("police")), "police", "update-1").submission.folder)
    assert because() is None
    assert because(None) == "the model here is not the one that pairs/ was scored by"
    assert because(replace(model, threshold=0.5)) == "the model here is not the one that pairs/ was scored by"
    assert run_update(linker, **centre_of(at_home, model)) is not None
    assert because() == "nothing is new since the last run"
    (tmp_path / "pairs" / "update-0001" / RUN_NAME).unlink()
    assert "has no run.note" in str(because())
    shutil.rmtree(tmp_path / "pairs" / "update-0001")
    assert because() is None
    at_home.whole(file_of("schools"), "schools", "whole")
    at_home.take_in(tmp_path / "schools" / "whole")
    assert because() == "schools came since the last run"
    withdraw("police", doorstep=at_home.doorstep)
    assert because() == "what police has here does not follow what was linked before"


def test_a_full_run_leaves_no_incremental_one_of_the_run_before(at_home: Round1, tmp_path: Path) -> None:
    model = run_linker(at_home.doorstep.linker, **centre_of(at_home))
    at_home.take_in(at_home.update(changed(file_of("police")), "police", "update-1").submission.folder)
    assert run_update(at_home.doorstep.linker, **centre_of(at_home, model)) is not None
    run_linker(at_home.doorstep.linker, **centre_of(at_home))
    assert [p.name for p in (tmp_path / "pairs").iterdir() if p.is_dir()] == []
    assert len(runs_in(tmp_path / "pairs", one=at_home.one, linker=at_home.people["linker"].public)) == 1


def test_an_update_run_that_was_moved_or_left_out_is_not_extended(at_home: Round1, tmp_path: Path) -> None:
    model = run_linker(at_home.doorstep.linker, **centre_of(at_home))
    for number, rows in enumerate((file_of("police").iloc[3:], changed(file_of("police"))), 1):
        at_home.take_in(at_home.update(rows, "police", f"update-{number}").submission.folder)
        run_update(at_home.doorstep.linker, **centre_of(at_home, model))
    (tmp_path / "pairs" / "update-0001").rename(tmp_path / "away")
    with pytest.raises(BadSubmission, match="does not extend the run before it"):
        run_update(at_home.doorstep.linker, **centre_of(at_home, model))


def test_rows_that_the_linker_keeps_are_opened_only_as_they_were_kept(
    at_home: Round1, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    linker = at_home.doorstep.linker
    model = run_linker(linker, **centre_of(at_home), keep=True)
    at_home.take_in(at_home.update(changed(file_of("police")), "police", "update-1").submission.folder)
    kept = sorted((linker / "police").glob("*.rows.sealed"))
    assert len(kept) == len(at_home.schema.match_keys)
    honest = [path.read_bytes() for path in kept]
    heads = int.from_bytes(honest[0][-8:], "big") + 100
    for changed_bytes in (
        honest[0][:heads] + bytes([honest[0][heads] ^ 1]) + honest[0][heads + 1 :],
        honest[0][:-9] + honest[0][-8:],
        honest[1],
    ):
        kept[0].write_bytes(changed_bytes)
        with pytest.raises(BadSeal):
            run_update(linker, **centre_of(at_home, model))
    kept[0].write_bytes(honest[0])
    with monkeypatch.context() as patch:
        patch.setattr("linkage.central.pairs.resident.ROWS_FORMAT", "linkage-rows/v2")
        with pytest.raises(BadSeal, match="should be linkage-rows/v2"):
            run_update(linker, **centre_of(at_home, model))
    folder = run_update(linker, **centre_of(at_home, model))
    assert folder is not None
    by_kept = pairs_in(
        at_home, folder, runs_in(tmp_path / "pairs", one=at_home.one, linker=at_home.people["linker"].public)[1]
    )
    shutil.rmtree(folder)
    for path in kept:
        path.unlink()
    folder = run_update(linker, **centre_of(at_home, model))
    assert folder is not None
    assert by_kept == pairs_in(
        at_home, folder, runs_in(tmp_path / "pairs", one=at_home.one, linker=at_home.people["linker"].public)[1]
    )
    assert by_kept


def test_rows_that_the_linker_keeps_go_with_the_partner_and_with_the_next_run_that_keeps_none(
    at_home: Round1,
) -> None:
    linker = at_home.doorstep.linker
    run_linker(linker, **centre_of(at_home), keep=True)
    assert list(linker.rglob("*.rows.sealed"))
    run_linker(linker, **centre_of(at_home))
    assert not list(linker.rglob("*.rows.sealed"))
    run_linker(linker, **centre_of(at_home), keep=True)
    withdraw("police", doorstep=at_home.doorstep)
    assert not list(linker.rglob("*.rows.sealed"))
