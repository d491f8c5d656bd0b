"""Notes with a JSON body: one spelling, every field checked, signed by whom they name; and records and certificates that come back as they went."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys import BadSignature, Identity, NotTrusted, sign_note
from keys.ceremony_record import CeremonyRecord, Delivery, Keeper, SharePrint, parse_record
from keys.certificates import (
    acknowledge,
    certify,
    verify_acknowledgement,
    verify_destruction,
)
from keys.notes import split_note
from keys.statements import digest, moment, parse, statement, text_digest, whole
from keys.trust import Entry, TrustRegister

NOW = datetime(2026, 3, 1, tzinfo=UTC)
KIND, RECORD = "test-statement/v1", "0" * 64
OFFICER, CUSTODIAN, OTHER = (Identity.make(n) for n in ("police/officer", "custodian/1", "custodian/2"))
TRUST = TrustRegister(
    "p",
    1,
    (
        Entry(OFFICER.public, "police", frozenset({"data-officer"}), NOW),
        Entry(CUSTODIAN.public, "centre", frozenset({"custodian"}), NOW),
        Entry(OTHER.public, "centre", frozenset({"custodian"}), NOW),
    ),
)


def read(value: dict[str, Any]) -> dict[str, Any]:
    return {"a": whole(value["a"], least=1)}


def written(value: dict[str, Any]) -> str:
    return statement(KIND, value)


def test_a_statement_is_read_in_its_one_spelling_alone() -> None:
    good = statement(KIND, {"a": 1})
    assert parse(good, kind=KIND, read=read, write=written) == {"a": 1}
    assert text_digest(good) == text_digest(good)
    wrong = [
        good.replace('"a": 1', '"a":  1'), good.replace('"a": 1', '"a": 1.0'), good.replace('"a": 1', '"a": true'),
        good.replace('"a": 1', '"a": 1, "b": 2'), good.replace('"a": 1', '"a": 2, "a": 1'), good.replace('"a": 1', '"a": 0'),
        good.replace('"a": 1', '"b": 1'), good + "\n", f"{KIND}\n", f"{KIND}\n[]\n", f"{KIND}\nnull\n", f"{KIND}\n{'[' * 100_000}\n",
        statement("other/v1", {"a": 1}),
    ]  # fmt: skip
    for text in wrong:
        with pytest.raises(BadSignature):
            parse(text, kind=KIND, read=read, write=written)


@pytest.mark.parametrize("text", ["2026-01-01", "2026-01-01T10:00", "now", "", None, 5])
def test_a_time_without_its_offset_is_none(text: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        moment(text)


@pytest.mark.parametrize("text", ["0" * 63, "0" * 65, "A" * 64, "0" * 64 + "\n", ""])
def test_a_digest_of_another_form_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        digest(text)


def acknowledged(**changes: Any) -> str:
    given = {"project": "p", "epoch": 1, "record": RECORD, "key_check": "00000000", "by": OFFICER, "now": NOW}
    return acknowledge(**(given | changes))


def certified(**changes: Any) -> str:
    given = {"what": "shares", "project": "p", "epoch": 1, "record": RECORD, "by": CUSTODIAN, "now": NOW}
    return certify(**(given | changes))


def test_acknowledgements_and_certificates_come_back_as_they_were_signed() -> None:
    ack = verify_acknowledgement(acknowledged(), trust=TRUST)
    assert (ack.by, ack.fingerprint, ack.epoch, ack.at) == (
        "police/officer",
        OFFICER.public.fingerprint,
        1,
        NOW,
    )
    gone = verify_destruction(certified(), trust=TRUST)
    assert (gone.what, gone.by, gone.record) == ("shares", "custodian/1", RECORD)
    assert verify_destruction(certified(what="project-secret", by=OFFICER), trust=TRUST).by == "police/officer"


@pytest.mark.parametrize(
    ("note", "fault"),
    [
        (acknowledged(by=CUSTODIAN), NotTrusted),
        (acknowledged(by=Identity.make("police/officer")), BadSignature),
        (acknowledged(project="q"), BadSignature),
        (
            acknowledged(by=Identity("police/officer", {**OTHER.seeds, "ed25519": OFFICER.seeds["ed25519"]})),
            BadSignature,
        ),
        (acknowledged(now=datetime(2020, 1, 1, tzinfo=UTC)), NotTrusted),
        (certified(), BadSignature),
    ],
)
def test_an_acknowledgement_by_somebody_else_or_of_another_kind_is_refused(note: str, fault: type) -> None:
    with pytest.raises(fault):
        verify_acknowledgement(note, trust=TRUST)


@pytest.mark.parametrize(
    ("note", "fault"),
    [
        (certified(what="project-secret"), NotTrusted),
        (certified(by=OFFICER), NotTrusted),
        (certified(project="q"), BadSignature),
        (acknowledged(), BadSignature),
    ],
)
def test_a_certificate_by_somebody_else_or_of_another_kind_is_refused(note: str, fault: type) -> None:
    with pytest.raises(fault):
        verify_destruction(note, trust=TRUST)


def test_one_custodians_certificate_signed_by_another_is_refused() -> None:
    text = split_note(certified())[0]
    with pytest.raises(BadSignature, match="no signature by anyone"):
        verify_destruction(sign_note(text, by=OTHER), trust=TRUST)


digests = st.binary(min_size=32, max_size=32).map(bytes.hex)
names = st.from_regex(r"[a-z][a-z0-9./-]{0,20}[a-z0-9]", fullmatch=True)
times = st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


@st.composite
def records(draw: st.DrawFn) -> CeremonyRecord:
    keepers = draw(st.lists(names, min_size=1, max_size=5, unique=True))
    kinds = ("linker-opening", "project-secret") if draw(st.booleans()) else ("project-secret",)
    epoch = draw(st.integers(1, 9))
    return CeremonyRecord(
        project=draw(st.text(min_size=1, max_size=20)),
        epoch=epoch,
        made_at=draw(times),
        by=draw(st.sampled_from(keepers)),
        threshold=1 if len(keepers) == 1 else draw(st.integers(2, len(keepers))),
        custodians=tuple(
            Keeper(n, draw(digests), {kind: SharePrint(draw(digests), draw(digests)) for kind in kinds})
            for n in keepers
        ),
        deliveries=tuple(
            Delivery(n, draw(digests), draw(digests)) for n in draw(st.lists(names, max_size=3, unique=True))
        ),
        commitment=draw(digests),
        key_check=draw(st.binary(min_size=4, max_size=4)).hex(),
        linker=OFFICER.public if len(kinds) == 2 else None,
        closes={e: draw(times) for e in range(1, epoch) if draw(st.booleans())},
    )


@given(records())
def test_every_record_is_read_as_it_was_written(record: CeremonyRecord) -> None:
    assert parse_record(record.text) == record
    assert json.loads(record.text.partition("\n")[2])["epoch"] == record.epoch
    other = replace(record, threshold=record.threshold + 1)
    assert other.digest != record.digest
