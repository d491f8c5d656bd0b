"""A submission that is not exactly what its partner's officer signed for this round is refused whole, and leaves nothing behind. Single bytes, names and
signatures are tried in test_submission_every_byte, test_malicious_names and test_forged_signatures."""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from keys import Identity, Secret, TrustRegister, seal, sign_note, verify_note
from keys.trust import Entry
from linkage.central.assemble import open_maps
from linkage.central.pairs.learn import check_statistics
from linkage.central.pairs.opened import open_tables
from linkage.central.receive import Doorstep, read_signed_manifest, receive, withdraw
from linkage.errors import BadInput, BadSubmission
from linkage.manifest import MANIFEST_FORMAT, MANIFEST_NAME, RECEIPT_FORMAT, Round

Copy = Callable[[str], Path]


def nothing_received(doorstep: Doorstep) -> bool:
    places = (doorstep.linker, doorstep.assembler, doorstep.desk)
    return not any(p.is_file() for place in places for p in place.rglob("*"))


def refused(small_round: Any, folder: Path, doorstep: Doorstep, *, saying: str) -> None:
    with pytest.raises(BadSubmission, match=saying) as caught:
        small_round.take_in(folder, doorstep=doorstep)
    assert nothing_received(doorstep)
    assert len(str(caught.value)) < 400
    for value in ("Smith", "Okafor", "custody-yes", "local-0003"):
        assert value not in str(caught.value)


def resigned(folder: Path, change: Callable[[dict[str, Any]], None], *, by: Identity) -> None:
    """The manifest with a change, signed anew."""
    path = folder / MANIFEST_NAME
    value = json.loads(path.read_text("utf-8").rpartition("\n\n")[0].partition("\n")[2])
    change(value)
    path.write_text(
        sign_note(f"{MANIFEST_FORMAT}\n{json.dumps(value, indent=1, sort_keys=True)}\n", by=by), "utf-8"
    )


def test_a_submission_as_sent_comes_in_whole_and_each_file_lies_with_who_may_open_it(
    small_round: Any, doorstep: Doorstep
) -> None:
    sent = small_round.submissions["police"]
    received = small_round.take_in(sent.folder, doorstep=doorstep)
    assert received.manifest == sent.manifest
    receipt = verify_note(received.receipt, known=[small_round.people["centre"].public], kind=RECEIPT_FORMAT)
    assert f"manifest: sha256:{sent.manifest.digest}" in receipt.body
    keys = [k.name for k in small_round.schema.match_keys]
    of = {
        p: {f.name for f in (getattr(doorstep, p) / "police").iterdir()} - {MANIFEST_NAME}
        for p in ("linker", "assembler", "desk")
    }
    assert of["linker"] == {f"{k}.tokens.sealed" for k in keys}
    assert of["assembler"] == {f"{k}.map.sealed" for k in (*keys, "records")}
    assert of["desk"] == {"attributes.parquet"}


def test_every_file_of_a_submission_is_missed(small_round: Any, doorstep: Doorstep, copy_of: Copy) -> None:
    folder = copy_of("police")
    for name in sorted(p.name for p in folder.iterdir()):
        content = (folder / name).read_bytes()
        (folder / name).unlink()
        refused(
            small_round,
            folder,
            doorstep,
            saying=MANIFEST_NAME if name == MANIFEST_NAME else "1 files .* missing",
        )
        (folder / name).write_bytes(content)
    small_round.take_in(folder, doorstep=doorstep)


def test_a_file_too_many_is_noticed(small_round: Any, doorstep: Doorstep, copy_of: Copy) -> None:
    folder = copy_of("police")
    (folder / "extra.tokens.sealed").write_bytes(b"")
    refused(small_round, folder, doorstep, saying="1 are not in it")


def test_a_renamed_file_is_noticed(small_round: Any, doorstep: Doorstep, copy_of: Copy) -> None:
    folder = copy_of("police")
    (folder / "born-name.map.sealed").rename(folder / "born-nama.map.sealed")
    refused(small_round, folder, doorstep, saying="1 files .* missing and 1 are not in it")


@pytest.mark.parametrize("ends", [b"\r\n", b"\n\n", b""], ids=["carriage returns", "empty lines", "one line"])
def test_a_manifest_with_other_line_ends_is_not_the_signed_one(
    small_round: Any, doorstep: Doorstep, copy_of: Copy, ends: bytes
) -> None:
    path = copy_of("police") / MANIFEST_NAME
    path.write_bytes(path.read_bytes().replace(b"\n", ends))
    refused(small_round, path.parent, doorstep, saying="not signed")


def test_an_officer_whose_role_has_ended_or_not_begun_cannot_submit(
    small_round: Any, doorstep: Doorstep
) -> None:
    folder = small_round.submissions["police"].folder
    with pytest.raises(BadSubmission, match="not signed by a data officer"):
        small_round.take_in(folder, doorstep=doorstep, now=datetime(2025, 12, 31, tzinfo=UTC))
    officer = small_round.people["police/officer"].public
    since = small_round.now - timedelta(days=30)
    for roles, until in ((frozenset({"data-officer"}), small_round.now), (frozenset({"analyst"}), None)):
        trust = TrustRegister("safer-streets", 2, (Entry(officer, "police", roles, since, until),))
        with pytest.raises(BadSubmission, match="not signed by a data officer"):
            read_signed_manifest(folder, trust=trust, now=small_round.now)
    assert nothing_received(doorstep)


@pytest.mark.parametrize(
    ("one", "saying"),
    [
        ({"project": "another"}, "project another; here is safer-streets"),
        ({"epoch": 2}, "epoch 2; the epoch is 3"),
        ({"schema_digest": "0" * 64}, "another schema"),
    ],
)
def test_a_submission_of_another_project_epoch_or_schema_is_refused(
    small_round: Any, doorstep: Doorstep, tmp_path: Path, one: dict[str, Any], saying: str
) -> None:
    ours = {"project": small_round.one.project, "epoch": 3, "schema_digest": small_round.one.schema_digest}
    sent = small_round.submit(tmp_path / "sent", partner="police", one=Round(**(ours | one)))
    refused(small_round, sent.folder, doorstep, saying=saying)


def test_a_submission_made_with_another_project_secret_is_refused(
    small_round: Any, doorstep: Doorstep, tmp_path: Path
) -> None:
    small_round.take_in(small_round.submissions["schools"].folder, doorstep=doorstep)
    sent = small_round.submit(tmp_path / "sent", partner="police", secret=Secret(b"x" * 32, name="other"))
    with pytest.raises(BadSubmission, match="another project secret than schools's"):
        small_round.take_in(sent.folder, doorstep=doorstep)
    assert not [
        p for place in (doorstep.linker, doorstep.assembler, doorstep.desk) for p in place.glob("police/*")
    ]


def test_a_submission_comes_in_once_until_it_is_withdrawn(small_round: Any, doorstep: Doorstep) -> None:
    folder = small_round.submissions["police"].folder
    small_round.take_in(folder, doorstep=doorstep)
    before = {p: p.read_bytes() for p in doorstep.desk.rglob("*") if p.is_file()}
    with pytest.raises(BadSubmission, match="here already: withdraw it first"):
        small_round.take_in(folder, doorstep=doorstep)
    assert {p: p.read_bytes() for p in doorstep.desk.rglob("*") if p.is_file()} == before
    withdraw("police", doorstep=doorstep)
    assert nothing_received(doorstep)
    small_round.take_in(folder, doorstep=doorstep)


def test_what_an_interrupted_receipt_left_does_not_stay(small_round: Any, doorstep: Doorstep) -> None:
    for place, name in ((doorstep.desk, "attributes.parquet"), (doorstep.linker, "old-pass.tokens.sealed")):
        (place / "police").mkdir(parents=True)
        (place / "police" / name).write_bytes(b"left from an earlier try")
    small_round.take_in(small_round.submissions["police"].folder, doorstep=doorstep)
    assert not (doorstep.linker / "police" / "old-pass.tokens.sealed").exists()
    assert (doorstep.desk / "police" / "attributes.parquet").read_bytes() != b"left from an earlier try"


BROKEN: dict[str, Callable[[dict[str, Any]], Any]] = {
    "a missing entry": lambda v: v.pop("files"),
    "files that are a number": lambda v: v.update(files=3),
    "an epoch that is a word": lambda v: v.update(epoch="three"),
    "attributes that are a list": lambda v: v.update(attributes=["custody"]),
    "a rate of zero": lambda v: v["statistics"]["u"].update(sex=[0.0, 1.0]),
    "a rate that is no number": lambda v: v["statistics"]["u"].update(sex=[float("nan"), 1.0]),
    "a rate above one": lambda v: v["statistics"]["u"].update(sex=[0.5, 1.5]),
    "no rates": lambda v: v["statistics"]["u"].update(sex=[]),
    "a share above one": lambda v: v["statistics"]["held"].update(sex=1.1),
    "a share that is a word": lambda v: v["statistics"]["held"].update(sex="all"),
    "fewer than no records": lambda v: v["statistics"].update(records=-1),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_signed_manifest_with_impossible_content_is_refused(
    small_round: Any, doorstep: Doorstep, copy_of: Copy, what: str
) -> None:
    folder = copy_of("police")
    resigned(folder, BROKEN[what], by=small_round.people["police/officer"])
    refused(small_round, folder, doorstep, saying="signed but not readable")


def test_a_signed_manifest_that_says_more_than_is_read_is_refused(
    small_round: Any, doorstep: Doorstep, copy_of: Copy
) -> None:
    folder = copy_of("police")
    resigned(folder, lambda v: v.update(note_to_the_centre="hello"), by=small_round.people["police/officer"])
    refused(small_round, folder, doorstep, saying="says more than this version reads")


def test_a_manifest_far_larger_than_any_is_not_read(
    small_round: Any, doorstep: Doorstep, copy_of: Copy
) -> None:
    folder = copy_of("police")
    (folder / MANIFEST_NAME).write_bytes(b"x" * (5 << 20))
    refused(small_round, folder, doorstep, saying="far larger")


def test_an_objection_of_policy_keeps_the_submission_out(small_round: Any, doorstep: Doorstep) -> None:
    with pytest.raises(BadSubmission, match="may not come in: no gateway for custody"):
        receive(
            small_round.submissions["police"].folder,
            trust=small_round.trust,
            one=small_round.one,
            doorstep=doorstep,
            signer=small_round.people["centre"],
            now=small_round.now,
            object_to=lambda m: [f"no gateway for {a}" for a in m.attributes if a == "custody"],
        )
    assert nothing_received(doorstep)


def test_a_submission_is_never_overwritten(small_round: Any, tmp_path: Path) -> None:
    (tmp_path / "sent").mkdir()
    with pytest.raises(BadInput, match="sent exists already"):
        small_round.submit(tmp_path / "sent", partner="police")
    assert list((tmp_path / "sent").iterdir()) == []


def test_a_file_exchanged_at_the_centre_after_receipt_is_not_opened(
    small_round: Any, doorstep: Doorstep
) -> None:
    """Whoever can write to a disk of the centre can seal to the linker too: the signed manifest decides what is opened."""
    sent = small_round.submissions["police"]
    small_round.take_in(sent.folder, doorstep=doorstep)
    key = small_round.schema.match_key("born-name")
    path = doorstep.linker / "police" / "born-name.tokens.sealed"
    path.write_bytes(
        seal(
            b"forged", to=small_round.recipients.linker, context=small_round.one.context("police", "born-name")
        )
    )
    with pytest.raises(
        BadSubmission, match=r"born-name\.tokens\.sealed of police is not the file of its manifest"
    ):
        open_tables(
            key,
            inbox=doorstep.linker,
            manifests=[sent.manifest],
            schema=small_round.schema,
            one=small_round.one,
            linker=small_round.people["linker"],
        )
    (doorstep.assembler / "police" / "born-name.map.sealed").write_bytes(
        (doorstep.assembler / "police" / "house-year.map.sealed").read_bytes()
    )
    with pytest.raises(BadSubmission, match=r"born-name\.map\.sealed of police is not the file"):
        open_maps(
            ["born-name"],
            inbox=doorstep.assembler,
            manifests=[sent.manifest],
            one=small_round.one,
            assembler=small_round.people["assembler"],
        )


def test_rates_that_are_not_of_the_schemas_levels_stop_the_linkage(small_round: Any, copy_of: Copy) -> None:
    folder = copy_of("police")

    def shorten(value: dict[str, Any]) -> None:
        value["statistics"]["u"]["forename"] = [0.5, 0.5]

    resigned(folder, shorten, by=small_round.people["police/officer"])
    manifest = read_signed_manifest(folder, trust=small_round.trust, now=small_round.now)
    with pytest.raises(BadSubmission, match="statistics of police for forename"):
        check_statistics(small_round.schema, [manifest])
    check_statistics(small_round.schema, [small_round.submissions["police"].manifest])


def test_the_digest_of_a_manifest_is_that_of_the_signed_text(small_round: Any) -> None:
    sent = small_round.submissions["police"]
    text = (sent.folder / MANIFEST_NAME).read_text("utf-8").rpartition("\n\n")[0] + "\n"
    assert sent.manifest.digest == hashlib.sha256(text.encode()).hexdigest()
