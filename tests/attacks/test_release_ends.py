"""The end of a release: who may certify it, who may withdraw it, and what is still handed out; and that the same release gives the same bytes."""

import dataclasses
import hashlib
import io
import json
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

import service.release
from keys import BadSignature, Identity, NotTrusted, sign_note
from keys.certificates import certify
from keys.trust import Entry
from linkage.errors import BadInput
from service.demonstration.cast import ANALYST, PROJECT, SINCE
from service.desk.ends import (
    CERTIFICATE_OF,
    certify_destruction,
    read_withdrawal,
    releases_due,
    take_certificate,
    withdraw_release,
)
from service.errors import OutOfOrder
from service.release import collect, open_release, release

OTHER = Identity.make("analyst/vpp-2", randomness=np.random.default_rng(90).bytes)


class Stopped(BaseException):
    """The package is looked at, and goes no further."""


def made(office: Any) -> Any:
    office.asked()
    return release("request-9", by=office.analyst.public, desk=office.desk)


def certificate(office: Any, of: str, *, by: Identity | None = None, **changes: Any) -> str:
    terms = office.desk.state.terms_of(of)
    given = {"holder": "analyst", "project": PROJECT, "epoch": 1, "by": by or office.analyst, "now": office.now}
    return certify_destruction(changes.pop("files_digest", terms.files_digest), **(given | changes))


def kinds(office: Any) -> list[str]:
    return [e.kind for e in office.desk.state.log.events()]


def standing(office: Any, at: datetime) -> dict[str, str]:
    return {one.request: one.standing for one in releases_due(office.at(at))}


def test_what_is_due_follows_the_days_and_what_was_certified(office: Any) -> None:
    one = made(office)
    expires = office.desk.state.terms_of(one.id).expires
    last = datetime(expires.year, expires.month, expires.day, 12, tzinfo=office.now.tzinfo)
    assert standing(office, office.now)["request-9"] == "in-use"
    assert standing(office, last - timedelta(days=30))["request-9"] == "ends-soon"
    assert standing(office, last)["request-9"] == "ends-soon"
    assert standing(office, last + timedelta(days=1))["request-9"] == "ended"
    office.desk.state.connection.execute("UPDATE release_terms SET certify = 1")
    assert standing(office, last + timedelta(days=1))["request-9"] == "overdue"
    (said,) = (d.says for d in releases_due(office.at(last + timedelta(days=3))) if d.request == "request-9")
    assert "3 days ago, and analyst/vpp-1 has not certified its destruction: ask for the certificate." in said
    take_certificate(certificate(office, one.id), desk=office.at(office.now))
    assert standing(office, last + timedelta(days=9))["request-9"] == "destroyed"


def test_a_certificate_counts_by_whoever_holds_the_release_and_once(office: Any) -> None:
    one = made(office)
    assert take_certificate(certificate(office, one.id), desk=office.desk) == (one.id, True)
    assert take_certificate(certificate(office, one.id), desk=office.desk) == (one.id, False)
    assert kinds(office).count("destruction-certified") == 1
    with pytest.raises(OutOfOrder, match="was destroyed, as its holder certified: it is not handed out"):
        collect("request-9", by=office.analyst.public, desk=office.desk)
    with pytest.raises(OutOfOrder, match="there is nothing to withdraw"):
        withdraw_release(one.id, reason="misused", desk=office.desk)


def test_a_certificate_by_somebody_else_or_about_something_else_changes_nothing(office: Any) -> None:
    one = made(office)
    office.reissue(version=2, add=(Entry(OTHER.public, "vpp", frozenset({"analyst"}), SINCE),))
    before = kinds(office)
    with pytest.raises(BadSignature, match=f"is held by {ANALYST}, and this certificate is by analyst/vpp-2"):
        take_certificate(certificate(office, one.id, by=OTHER), desk=office.desk)
    with pytest.raises(OutOfOrder, match="about no release of this desk"):
        take_certificate(certificate(office, one.id, files_digest="0" * 64), desk=office.desk)
    with pytest.raises(NotTrusted):
        take_certificate(certificate(office, one.id, holder="secure-environment"), desk=office.desk)
    with pytest.raises(BadSignature):
        take_certificate(certificate(office, one.id, project="other-project"), desk=office.desk)
    text = certificate(office, one.id).rpartition("\n\n")[0] + "\n"
    with pytest.raises(BadSignature):
        take_certificate(sign_note(text, by=OTHER), desk=office.desk)
    shares = certify(what="shares", project=PROJECT, epoch=1, record="0" * 64, by=office.cast.people["custodian/1"], now=office.now)  # fmt: skip
    with pytest.raises(OutOfOrder, match="about no release of this desk"):
        take_certificate(shares, desk=office.desk)
    assert kinds(office) == before
    assert set(CERTIFICATE_OF) == {"analyst", "secure-environment"}


def test_a_withdrawal_is_logged_once_stops_the_handing_out_and_is_believed_of_the_desk_alone(
    office: Any,
) -> None:
    one = made(office)
    trust = office.desk.verified().trust
    with pytest.raises(BadInput, match="--reason takes one of"):
        withdraw_release(one.id, reason="because", desk=office.desk)
    with pytest.raises(OutOfOrder, match="there is no release release-x"):
        withdraw_release("release-x", reason="misused", desk=office.desk)
    note = withdraw_release(one.id, reason="misused", desk=office.desk)
    assert withdraw_release(one.id, reason="error-in-data", desk=office.desk) == note
    assert kinds(office).count("release-withdrawn") == 1
    with pytest.raises(OutOfOrder, match="was withdrawn: it is not handed out any more"):
        collect("request-9", by=office.analyst.public, desk=office.desk)
    told = read_withdrawal(note, trust=trust)
    assert (told.release, told.holder, told.reason) == (one.id, ANALYST, "misused")
    with pytest.raises(BadSignature):
        read_withdrawal(note.replace('"misused"', '"error-in-data"'), trust=trust)
    forged = dataclasses.replace(told, by=ANALYST)
    with pytest.raises(NotTrusted):
        read_withdrawal(sign_note(forged.text, by=office.analyst), trust=trust)
    # What a reader has read cannot be taken back: the ledger keeps it.
    assert one.id in {entry.release for entry in office.desk.state.ledger().entries}
    assert standing(office, office.now)["request-9"] == "withdrawn"


def test_the_same_release_gives_the_same_bytes_and_its_metadata_tell_the_truth(
    office: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.asked()
    seen = []

    def look(output: Any, *_: Any, **__: Any) -> Any:
        seen.append(dict(output.contents))
        raise Stopped

    with monkeypatch.context() as patched:
        patched.setattr(service.release, "_stored", look)
        for _ in range(2):
            with pytest.raises(Stopped):
                release("request-9", by=office.analyst.public, desk=office.desk)
    assert seen[0] == seen[1]
    one = release("request-9", by=office.analyst.public, desk=office.desk)
    opened = open_release(one.files, release_id=one.id, one=office.desk.one, by=office.analyst)
    assert {n: opened[n] for n in seen[0]} == seen[0]
    metadata = json.loads(opened["metadata.json"])
    digests = {n: hashlib.sha256(c).hexdigest() for n, c in opened.items() if n not in ("metadata.json", "audit-entry.json", "audit-proof.txt")}  # fmt: skip
    assert metadata["files"] == digests
    assert metadata["digests"]["policy"] == office.policy().digest
    assert metadata["rule"] == {"mode": "rounded", "suppress": 7, "round_to": 5, "hide_zeros": False, "hidden": "[c]", "not_applicable": "[z]", "totals": "sums of the printed numbers"}  # fmt: skip
    assert metadata["linkage_error"]["expected_wrong"] in opened["note.txt"].decode()
    table = pq.read_table(io.BytesIO(opened["table.parquet"])).to_pylist()
    lines = opened["table.csv"].decode().splitlines()[1:]
    assert [",".join([*list(row.values())[:-2], str(row["count"]) if row["marker"] is None else row["marker"]]) for row in table] == lines  # fmt: skip
    assert {row["marker"] for row in table} == {None, "[c]"}
