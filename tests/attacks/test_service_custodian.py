"""Ways to get a column open without the board, the controllers and the custodian: none of them works, and each leaves a trace."""

import base64
import dataclasses
import re
import sqlite3
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from ethics.adoptions import adopt
from ethics.approvals import cast_vote
from ethics.ballots import Vote
from keys import BadSeal, Identity, open_sealed, sign_note
from keys.columns import unwrap_column_key
from linkage.attributes import read_attributes
from service.custody.asked import Order
from service.custody.recipient import spine_context
from service.dossier import Dossier
from service.errors import CustodianRefused
from service.evidence import EVIDENCE_FORMAT

SUSPENDED = "vpp-demo/1/schools/suspended"


def open_one(office: Any, asked: Order, key_id: str = SUSPENDED, wrapped: bytes | None = None) -> bytes:
    kept = office.wrapped("schools", "suspended", "free_school_meals", "permanently_excluded")
    return office.custodian.open_column(asked, key_id=key_id, wrapped=wrapped or kept[key_id])


def test_a_permitted_request_opens_its_columns_and_each_opening_is_logged(office: Any) -> None:
    before = office.trace()
    key = open_one(office, office.order())
    kept = office.wrapped("schools", "suspended")[SUSPENDED]
    assert key == unwrap_column_key(kept, key_id=SUSPENDED, by=office.cast.people["custodian/1"]).expose()
    office.custodian.open_spine(office.order(), header=office.spine())
    assert office.trace() == [*before, ("column-key-opened", ""), ("column-key-opened", "")]


@pytest.mark.parametrize(
    "who", ["desk/1", "linker/1", "assembler/1", "log/1", "schools/officer", "analyst/vpp-1"]
)
def test_nobody_but_the_custodian_can_unwrap_a_column_or_the_spine(office: Any, who: str) -> None:
    one = office.cast.people[who]
    for key_id, wrapped in office.wrapped("schools", "suspended").items():
        with pytest.raises(BadSeal):
            unwrap_column_key(wrapped, key_id=key_id, by=one)
    with pytest.raises(BadSeal):
        open_sealed(
            (office.places.centre / "spine.sealed").read_bytes(), by=one, context=spine_context(office.desk.one)
        )


def test_the_centre_without_the_custodian_reads_no_attribute(office: Any) -> None:
    files = sorted((office.places.centre / "desk").glob("*/attributes.parquet"))
    assert len(files) == 5
    for path in files:
        with pytest.raises(OSError, match="encrypt"):
            pq.read_table(path)
        content = path.read_bytes()
        for word in (b"record_ref", b"area", b"Oxfordshire", b"suspended", b"15-17", b"ae_assault"):
            assert word not in without_key_names(content)

    def refuse(wrapped: bytes, key_id: str) -> bytes:
        raise CustodianRefused("not today")

    with pytest.raises(CustodianRefused, match="not today"):
        read_attributes(files[0].read_bytes(), columns=["area"], unwrap=refuse)


def without_key_names(content: bytes) -> bytes:
    """The file without the names of its keys, which say project, round, partner and attribute on purpose."""
    return re.sub(rb"vpp-demo/1/[a-z-]+/[a-z_0-9]+", b"", content)


def test_the_custodian_alone_has_nothing_to_open(office: Any) -> None:
    wrapped = [w for p in ("schools", "police") for w in office.wrapped(p, "area").values()]
    spine_bytes = (office.places.centre / "spine.sealed").read_bytes()
    files = [p for p in office.places.custodian.rglob("*") if p.is_file()]
    assert {p.name for p in files} >= {"custodian.db", "identity.key"}
    held = b"".join(p.read_bytes() for p in files)
    for one in wrapped:
        assert one[:32] not in held
        assert base64.b64encode(one)[:40] not in held
    assert spine_bytes[200:232] not in held
    for value in (b"Oxfordshire", b"Milton Keynes", b"15-17", b"no record"):
        assert value not in held


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"form": "pseudonymised-extract"}, "form-not-covered"),
        ({"purpose": "individual-enforcement-targeting"}, "never-allowed-purpose"),
        ({"purpose": "whatever-i-like"}, "unknown-word"),
        ({"role": "auditor"}, "role-not-held"),
        ({"requester": "analyst/somebody-else"}, "not-trusted"),
        ({"area": "LSOA"}, "finer-than-floor"),
        ({"asked_on": "2026-12-24", "use_until": "2027-01-01"}, "asked-in-the-future"),
        ({"use_until": "2027-12-01"}, "use-too-long"),
    ],
)
def test_a_request_that_is_not_permitted_opens_neither_spine_nor_column(
    office: Any, changes: dict[str, str], reason: str
) -> None:
    asked = office.order(**changes)
    office.stays_shut(lambda: open_one(office, asked), saying="stays shut", because=reason)
    office.stays_shut(
        lambda: office.custodian.open_spine(asked, header=office.spine()),
        saying="stays shut",
        because=reason,
    )


def test_a_request_that_cannot_be_read_opens_nothing(office: Any) -> None:
    note = sign_note(office.request_text() + "sudo: yes\n", by=office.analyst)
    asked = Order(note, Dossier.read(office.shared), "release-a")
    office.stays_shut(lambda: open_one(office, asked), saying="sudo", because="unreadable")


def test_an_attribute_outside_the_permit_stays_shut(office: Any) -> None:
    office.stays_shut(
        lambda: open_one(office, office.order(), "vpp-demo/1/schools/permanently_excluded"),
        saying="does not open schools.permanently_excluded",
        because="not-opened",
    )


def test_the_footer_of_a_partner_outside_the_permit_stays_shut(office: Any) -> None:
    wrapped = office.wrapped("police", "area")["vpp-demo/1/police/footer"]
    office.stays_shut(
        lambda: office.custodian.open_column(
            office.order(), key_id="vpp-demo/1/police/footer", wrapped=wrapped
        ),
        saying="does not open police.footer",
        because="not-opened",
    )


def test_votes_below_the_quorum_open_nothing(office: Any) -> None:
    for name in ("lay-1", "lay-2"):
        (office.shared / "votes" / f"{name}.note").unlink()
    office.stays_shut(lambda: open_one(office, office.order()), saying="recommended", because="not-recommended")


def test_a_vote_given_twice_does_not_count_twice(office: Any) -> None:
    votes = office.shared / "votes"
    for name in ("lay-1", "lay-2"):
        (votes / f"{name}.note").write_bytes((votes / "ethicist.note").read_bytes())
    office.stays_shut(lambda: open_one(office, office.order()), saying="recommended", because="not-recommended")


def test_a_forged_vote_opens_nothing(office: Any) -> None:
    forger = Identity.make("board/lay-1", randomness=np.random.default_rng(1).bytes)
    note = cast_vote(office.policy(), vote=Vote.APPROVE, conflicted=False, by=forger, at=office.now)
    (office.shared / "votes" / "lay-1.note").write_text(note, encoding="utf-8")
    office.stays_shut(lambda: open_one(office, office.order()), saying="stays shut", because="bad-signature")


def test_a_vote_by_somebody_who_is_no_member_opens_nothing(office: Any) -> None:
    note = cast_vote(
        office.policy(), vote=Vote.APPROVE, conflicted=False, by=office.cast.people["desk/1"], at=office.now
    )
    (office.shared / "votes" / "lay-1.note").write_text(note, encoding="utf-8")
    office.stays_shut(lambda: open_one(office, office.order()), saying="stays shut", because="not-trusted")


def test_a_policy_altered_after_the_vote_opens_nothing(office: Any) -> None:
    path = office.shared / "policy.yaml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("suppress: 7", "suppress: 1", 1), encoding="utf-8")
    assert path.read_text("utf-8") != text
    office.stays_shut(
        lambda: open_one(office, office.order()), saying="another text of the policy", because="not-approved"
    )


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("catalogue.yaml", "class: C3", "class: C0"),
        ("gateways.yaml", "enabled: false", "enabled: true"),
        ("board.yaml", "employed_by_police: true", "employed_by_police: false"),
    ],
)
def test_a_document_without_a_signature_is_held_to_what_the_secretariat_vouched_for(
    office: Any, name: str, old: str, new: str
) -> None:
    path = office.shared / name
    text = path.read_text("utf-8")
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    assert path.read_text("utf-8") != text
    office.stays_shut(
        lambda: open_one(office, office.order()),
        saying="not the text that the secretariat vouched",
        because="not-approved",
    )


def test_a_record_of_evidence_that_somebody_else_signed_opens_nothing(office: Any) -> None:
    path = office.shared / "evidence.note"
    text = path.read_text("utf-8").rpartition("\n\n")[0] + "\n"
    assert text.startswith(EVIDENCE_FORMAT)
    path.write_text(sign_note(text, by=office.cast.people["desk/1"]), encoding="utf-8")
    office.stays_shut(
        lambda: open_one(office, office.order()), saying="not signed by the secretariat", because="not-approved"
    )


def test_an_adoption_withdrawn_shuts_that_partners_columns(office: Any) -> None:
    asked = office.order()
    open_one(office, asked)
    note = adopt(
        office.policy(),
        clauses=[],
        partner="schools",
        by=office.cast.people["schools/controller"],
        at=office.now,
    )
    (office.shared / "adoptions" / "schools-withdrawn.note").write_text(note, encoding="utf-8")
    office.stays_shut(lambda: open_one(office, office.order()), saying="stays shut", because="not-adopted")


def test_a_withdrawal_that_was_seen_once_cannot_be_hidden_afterwards(office: Any) -> None:
    before = office.order()
    note = adopt(
        office.policy(),
        clauses=[],
        partner="schools",
        by=office.cast.people["schools/controller"],
        at=office.now,
    )
    (office.shared / "adoptions" / "schools-withdrawn.note").write_text(note, encoding="utf-8")
    office.stays_shut(lambda: open_one(office, office.order()), saying="stays shut", because="not-adopted")
    office.stays_shut(
        lambda: open_one(office, before), saying="older than one that was shown before", because="rolled-back"
    )


def test_one_controller_cannot_adopt_for_another_partner(office: Any) -> None:
    note = adopt(
        office.policy(),
        clauses=["SNA-1"],
        partner="schools",
        by=office.cast.people["police/controller"],
        at=office.now,
    )
    (office.shared / "adoptions" / "schools.note").write_text(note, encoding="utf-8")
    office.stays_shut(
        lambda: open_one(office, office.order()), saying="cannot adopt for schools", because="not-approved"
    )


def test_an_analyst_taken_off_the_register_gets_nothing_and_the_old_register_serves_no_more(
    office: Any,
) -> None:
    before = office.order()
    office.reissue(version=2, drop="analyst/vpp-1")
    office.stays_shut(lambda: open_one(office, office.order()), saying="stays shut", because="not-trusted")
    office.stays_shut(
        lambda: open_one(office, before),
        saying="trust is older than one that was shown before",
        because="rolled-back",
    )


def test_a_register_of_another_root_opens_nothing(office: Any) -> None:
    impostors = (Identity.make(f"root/{n}", randomness=np.random.default_rng(n).bytes) for n in (1, 2))
    office.reissue(version=3, roots=tuple(impostors))
    office.stays_shut(lambda: open_one(office, office.order()), saying="stays shut", because="bad-signature")


def test_a_missing_document_is_no_permission(office: Any) -> None:
    asked = office.order()
    for changes in ({"votes": ()}, {"adoptions": ()}):
        with pytest.raises(CustodianRefused):
            open_one(office, dataclasses.replace(asked, dossier=dataclasses.replace(asked.dossier, **changes)))


@pytest.mark.parametrize("database", ["centre/office.db", "custodian/custodian.db"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET entry = x'00' WHERE number = 0", "DELETE FROM audit_entries", "DELETE FROM audit_nodes",
        "UPDATE audit_nodes SET hash = zeroblob(32)", "INSERT OR REPLACE INTO audit_entries VALUES (0, x'00')",
        "UPDATE audit_origin SET origin = 'mine/1'",
    ],
)  # fmt: skip
def test_no_event_is_changed_or_taken_out_even_with_the_database_in_hand(
    office: Any, database: str, statement: str
) -> None:
    with sqlite3.connect(office.places.root / database) as connection:
        before = connection.execute("SELECT * FROM audit_entries").fetchall()
        assert len(before) > 5
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(statement)
        assert connection.execute("SELECT * FROM audit_entries").fetchall() == before
