"""Submissions that change: after updates and withdrawals the linkage is what a fresh submission of the whole file gives."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from keys.columns import unwrap_column_key
from linkage.central.assemble import Linkage
from linkage.central.current import current_attributes
from linkage.errors import BadInput
from linkage.manifest import RECORDS
from linkage.partner.ledger.folder import LedgerFolder
from linkage.partner.tokenise import record_refs
from service.officer.local import find_record, find_row
from service.officer.updates import withdraw_records
from tests.fixtures_updates import Round1, changed, file_of, mapping, opened, read_one, round_in

pytestmark = pytest.mark.usefixtures("rates_of_few_pairs")


def partition(linkage: Linkage) -> set[frozenset[tuple[str, bytes]]]:
    """The people as sets of their records."""
    out: dict[int, set[tuple[str, bytes]]] = {}
    for at, person in enumerate(linkage.person):
        partner = linkage.records.partners[linkage.records.partner[at]]
        out.setdefault(int(person), set()).add((partner, bytes(linkage.records.record_ref[at])))
    return {frozenset(records) for records in out.values()}


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
