"""The ledger tells exactly which records and rows changed, and what is gone; its digests are the partner's own."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from keys import Secret
from linkage.errors import BadInput, BadSubmission
from linkage.gone import read_gone, write_gone
from linkage.manifest import RECORDS, Manifest, Round
from linkage.partner.ledger.changes import Changes, marks_of, with_empty_rows
from linkage.partner.ledger.digests import LedgerDigests
from linkage.partner.records import CleanRecords, Column
from linkage.partner.tokenise import PassChunk
from linkage.tokens import PartnerStatistics, PassMap, write_map

ONE = Round("safer-streets", 3, "d" * 64)
OWN = Secret(b"o" * 32, name="own")
MANIFEST = Manifest(ONE, "police", "police-3-a", "", "", (), PartnerStatistics(0, {}, {}), {}, "")


def column(*values: str | None) -> Column:
    return Column.of(pd.Series(values, dtype="str"))


def clean(*rows: tuple[int, str | None, str | None]) -> CleanRecords:
    """Rows of record number, forename, surname."""
    record, forename, surname = zip(*rows, strict=True)
    ids = pa.array([str(n) for n in range(max(record) + 1)], pa.string())
    return CleanRecords(
        ids, np.array(record, dtype=np.int32), {"forename": column(*forename), "surname": column(*surname)}
    )


def digests(records: CleanRecords, own: Secret = OWN, one: Round = ONE) -> list[bytes]:
    return [bytes(d.tobytes()) for d in LedgerDigests(own, one=one).values(records)]


def test_equal_records_have_equal_digests_whatever_else_is_in_the_file() -> None:
    few = digests(clean((0, "MARY", "SMITH"), (1, "TOM", None)))
    many = digests(clean((0, "ZOE", "ADAMS"), (1, "TOM", None), (2, "MARY", "SMITH"), (0, "ZOE", "BELL")))
    assert many[1:] == [few[1], few[0]]
    assert len({*many}) == 3


def test_every_value_its_place_and_its_row_count_in_a_digest() -> None:
    every = [
        clean((0, "MARY", "SMITH")),
        clean((0, "SMITH", "MARY")),
        clean((0, "MARY", None)),
        clean((0, None, "MARY")),
        clean((0, None, None)),
        clean((0, "MARYSMITH", None)),
        clean((0, "MARY", "SMITH"), (0, "MARY", "SMITH")),
        clean((0, "MARY", "SMITH"), (0, "MARY", "BELL")),
        clean((0, "MARY", "BELL"), (0, "MARY", "SMITH")),
        clean((0, "MARY", "BELL"), (0, "MARY", "SMITH"), (0, None, None)),
    ]
    assert len({digests(one)[0] for one in every}) == len(every)


def test_digests_are_of_one_own_secret_and_one_round() -> None:
    records = clean((0, "MARY", "SMITH"))
    others = [
        Round("other", 3, "d" * 64),
        Round("safer-streets", 4, "d" * 64),
        Round("safer-streets", 3, "e" * 64),
    ]
    found = {
        digests(records)[0],
        digests(records, Secret(b"p" * 32, name="own"))[0],
        *(digests(records, one=o)[0] for o in others),
    }
    assert len(found) == 5
    ledger = changes(refs(1), [1]).ledger(MANIFEST)
    with pytest.raises(BadInput, match="another own secret"):
        LedgerDigests(OWN, one=ONE).check_ledger(ledger)


def refs(*numbers: int, first: int = 0) -> Any:
    """References whose first eight bytes are all the same, so that only the last eight tell them apart."""
    return np.array([[first] * 8 + list(int(n).to_bytes(8, "big")) for n in numbers], dtype=np.uint8)


def changes(of: Any, values: list[int], *, attributes: list[int] | None = None, earlier: Any = None) -> Changes:
    words = [
        np.array([[v, v] for v in d], dtype=np.uint64).reshape(-1, 2) for d in (values, attributes or values)
    ]
    return Changes(of, values=words[0], attributes=words[1], check="", earlier=earlier)


def chunk(rows: list[int], of: Any, bands: list[int]) -> PassChunk:
    lanes = {
        "row_ref": np.array(rows, dtype=np.int64),
        "block": np.array(rows, dtype=np.int64),
        "a_band": np.array(bands, dtype=np.int8),
    }
    return PassChunk(lanes, of)


def first_ledger() -> Any:
    """Records 1 to 4; two rows of record 1 in the only pass, one of each other."""
    whole = changes(refs(1, 2, 3, 4), [10, 20, 30, 40])
    rows = whole.of_pass("p")
    sent = rows.choose(chunk([5, 6, 7, 8, 9], refs(1, 4, 2, 1, 3), [0, 1, 2, 0, 1]))
    assert len(sent.refs) == 5
    assert rows.gone().tolist() == []
    whole.keep("p", rows.rows())
    return whole.ledger(MANIFEST)


def test_records_that_share_half_their_reference_are_told_apart() -> None:
    ledger = first_ledger()
    assert [ledger.refs[n][-1] for n in ledger.passes["p"].record] == [1, 4, 2, 1, 3]


def test_new_changed_and_deleted_records_are_found() -> None:
    after = changes(refs(4, 3, 5, 1), [40, 31, 50, 10], attributes=[40, 30, 50, 11], earlier=first_ledger())
    assert after.sent[:, -1].tolist() == [3, 5]
    assert after.gone[:, -1].tolist() == [2, 3]
    # Attributes stand in the order of the references as given; that of record 3 is the same as before, that of record 1 is not.
    assert after.counts[0::3] == (1, 1)
    assert after.counts[1] == 1


def test_a_row_is_sent_if_it_is_new_its_record_changed_or_its_band_did() -> None:
    after = changes(refs(1, 3, 4, 5), [10, 31, 40, 50], earlier=first_ledger())
    rows = after.of_pass("p")
    sent = rows.choose(chunk([4, 5, 6], refs(5, 1, 4), [0, 0, 2]))
    assert sent.lanes["row_ref"].tolist() == [4, 6]
    sent = rows.choose(chunk([9, 11], refs(3, 4), [1, 1]))
    assert sent.lanes["row_ref"].tolist() == [9, 11]
    assert sent.refs[:, -1].tolist() == [3, 4]
    assert rows.gone().tolist() == [6, 7, 8, 9]
    assert rows.rows().row_ref.tolist() == [4, 5, 6, 9, 11]


def test_an_update_after_an_update_starts_from_the_last_rows() -> None:
    second = changes(refs(1, 2, 3, 4), [10, 20, 30, 40], earlier=first_ledger())
    rows = second.of_pass("p")
    assert len(rows.choose(chunk([5, 6], refs(1, 4), [0, 1])).refs) == 0
    second.keep("p", rows.rows())
    third = changes(refs(1, 2, 3, 4), [10, 20, 30, 40], earlier=second.ledger(MANIFEST)).of_pass("p")
    assert third.choose(chunk([5, 6, 7], refs(1, 4, 2), [0, 1, 2])).lanes["row_ref"].tolist() == [7]
    assert third.gone().tolist() == []


def test_deleted_records_have_empty_rows_in_order() -> None:
    table = pa.table(
        {"record_ref": pa.array([bytes(refs(2)[0])], pa.binary(16)), "custody": pa.array(["yes"], pa.string())}
    )
    both = with_empty_rows(table, refs(3, 1))
    assert both.column("custody").to_pylist() == [None, "yes", None]
    assert [r[-1] for r in both.column("record_ref").to_pylist()] == [1, 2, 3]
    assert both.schema == table.schema


def test_marks_tell_members() -> None:
    assert marks_of(refs(1, 2, 3), among=refs(3, 1)).tolist() == [True, False, True]
    assert marks_of(refs(1), among=refs(1)[:0]).tolist() == [False]


def test_what_is_gone_is_read_as_it_was_written() -> None:
    rows = np.array([3, 1 << 62], dtype=np.int64)
    np.testing.assert_array_equal(
        read_gone(write_gone(rows, key="p", partner="police"), key="p", partner="police"), rows
    )
    records = write_gone(refs(7, 1), key=RECORDS, partner="police")
    np.testing.assert_array_equal(read_gone(records, key=RECORDS, partner="police"), refs(7, 1))
    assert (
        len(read_gone(write_gone(refs(7)[:0], key=RECORDS, partner="police"), key=RECORDS, partner="police"))
        == 0
    )


def test_what_is_gone_elsewhere_twice_or_in_another_form_is_refused() -> None:
    rows = write_gone(np.array([3, 4], dtype=np.int64), key="p", partner="police")
    for key, partner in (("q", "police"), ("p", "schools"), (RECORDS, "police")):
        with pytest.raises(BadSubmission, match="belongs elsewhere"):
            read_gone(rows, key=key, partner=partner)
    for key, twice in (("p", np.array([3, 3], dtype=np.int64)), (RECORDS, refs(4, 4))):
        with pytest.raises(BadSubmission, match="names something twice"):
            read_gone(write_gone(twice, key=key, partner="police"), key=key, partner="police")
    with pytest.raises(BadSubmission, match="first line should be linkage-gone/v1"):
        read_gone(write_map(PassMap("p", np.array([1]), refs(1)), partner="police"), key="p", partner="police")
