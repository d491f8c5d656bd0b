"""What was sealed to somebody else is opened by nobody here, whatever name it bears: each command says so in one line, and leaves nothing."""

import contextlib
import dataclasses
import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import service.centre.linker
import service.officer.submit
from keys import Identity, open_sealed, seal, sign_note
from keys.ceremony import deliver_secret, load_secret
from keys.sealing import open_body, read_header, unwrap_key
from keys.trust import Entry, digest_of_text, issue_register
from linkage.central.pairs.run import sha256
from linkage.manifest import MANIFEST_FORMAT, MANIFEST_NAME
from service.custody.recipient import spine_context
from service.demonstration.cast import ANALYST, SINCE
from service.errors import BAD_INPUT, BAD_KEY, NOT_VERIFIED, REFUSED
from service.release import digest_of
from service.shared import read_project

OTHER = "analyst/vpp-2"
ALTERED = "for someone else, altered"


def refused(told: Any, code: int, saying: str) -> None:
    assert (told.code, told.out) == (code, ""), told
    assert saying in told.err, told.err
    assert told.err.count("\n") == 1, told.err


def stranger(name: str) -> Identity:
    """Other keys under a name."""
    return Identity.make(name)


def renamed(sealed: bytes, *, to: str) -> bytes:
    """The sealed file with another recipient's name in its header."""
    first, _, rest = sealed.split(b"\n", 2)
    return b"\n".join((first, f"to {to}".encode(), rest))


@pytest.fixture
def resubmitted(partnership: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Both submissions are in; that of police was made by a program that seals to others than it should."""

    def made(**recipients: Identity) -> Any:
        honest = service.officer.submit.recipients_of

        def others(*words: Any, **more: Any) -> Any:
            public = {role: one.public for role, one in recipients.items()}
            return dataclasses.replace(honest(*words, **more), **public)

        p = partnership
        with monkeypatch.context() as patch:
            patch.setattr(service.officer.submit, "recipients_of", others)
            p.well(p.submit("police", out="forged"))
        p.well(p.receive(p.home("police/officer") / "forged", receipt="police.note"))
        p.well(p.receive(p.sent("schools"), receipt="schools.note"))
        return p

    return made


@pytest.mark.parametrize("name", ["linker/1", "linker/2", "assembler/1"])
def test_tokens_that_are_sealed_to_another_linker_are_not_linked(
    resubmitted: Callable[..., Any], partnership: Any, name: str
) -> None:
    to = partnership.people[name] if name == "assembler/1" else stranger(name)
    p = resubmitted(linker=to)
    refused(p.link(), BAD_KEY, ALTERED if name == "linker/1" else "for another recipient")
    assert not (p.home("assembler/1") / "pairs").exists()
    assert not (p.home("linker/1") / "model.json").exists()


@pytest.mark.parametrize("name", ["assembler/1", "linker/1"])
def test_maps_that_are_sealed_to_another_assembler_make_no_people(
    resubmitted: Callable[..., Any], partnership: Any, name: str
) -> None:
    to = partnership.people[name] if name == "linker/1" else stranger(name)
    p = resubmitted(assembler=to)
    p.well(p.link())
    refused(p.assemble(), BAD_KEY, ALTERED if name == "assembler/1" else "for another recipient")
    assert not (p.home("desk/1") / "spine.sealed").exists()


def test_column_keys_that_are_wrapped_to_another_custodian_release_nothing(
    resubmitted: Callable[..., Any],
) -> None:
    p = resubmitted(custodian=stranger("custodian/1"))
    p.well(p.link())
    p.well(p.assemble())
    p.agree()
    p.well(p.decide(p.request()))
    refused(p.release(*p.keeper), REFUSED, ALTERED)
    assert not (p.folder / "out").exists()
    assert p.events("desk/1")[-1].details["reasons"] == "custodian-refused"
    assert p.events("custodian/1")[-1].details["reasons"] == "wrong-key"


def test_a_file_whose_header_was_given_the_right_name_does_not_open_either(
    allowed: Any, resealed: Callable[..., Any]
) -> None:
    """The tokens of the schools are sealed to a stranger, and the header says that they are for the linker. The officer signed the files so."""
    resealed(
        "born.tokens.sealed",
        lambda plain, context: renamed(
            seal(plain, to=stranger("linker/2").public, context=context), to="linker/1"
        ),
    )
    shutil.rmtree(allowed.home("assembler/1") / "pairs")
    refused(allowed.link(), BAD_KEY, ALTERED)
    assert not (allowed.home("assembler/1") / "pairs").exists()


@pytest.mark.parametrize(
    "place",
    [("police", "born"), ("schools", "records"), ("schools", "born", "gone"), ("born", "schools")],
    ids=["another partner", "another file", "what is gone", "partner and pass exchanged"],
)
def test_a_file_that_was_sealed_for_another_place_does_not_open(
    allowed: Any, resealed: Callable[..., Any], place: tuple[str, ...]
) -> None:
    project, linker = read_project(allowed.shared), allowed.people["linker/1"].public
    resealed("born.tokens.sealed", lambda plain, _: seal(plain, to=linker, context=project.one.context(*place)))
    refused(allowed.link(), BAD_KEY, ALTERED)


@pytest.fixture
def resealed(allowed: Any) -> Callable[..., Any]:
    """The linker's tokens of the schools, opened and sealed again, in the linker's inbox and in the manifest that the officer signs there."""

    def again(name: str, change: Callable[[bytes, bytes], bytes]) -> None:
        folder = allowed.home("desk/1") / "for-linker" / "schools"
        context = read_project(allowed.shared).one.context("schools", name.partition(".")[0])
        plain = open_sealed((folder / name).read_bytes(), by=allowed.people["linker/1"], context=context)
        content = change(plain, context)
        (folder / name).write_bytes(content)
        text = (folder / MANIFEST_NAME).read_text("utf-8").rpartition("\n\n")[0]
        stated = json.loads(text.partition("\n")[2])
        for one in stated["files"]:
            if one["name"] == name:
                one.update(sha256=sha256(content), size=len(content))
        text = f"{MANIFEST_FORMAT}\n{json.dumps(stated, indent=1, sort_keys=True)}\n"
        (folder / MANIFEST_NAME).write_text(sign_note(text, by=allowed.people["schools/officer"]), "utf-8")

    return again


def test_pairs_that_the_linker_sealed_to_another_assembler_make_no_people(
    allowed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    p, honest = allowed, service.centre.linker.run_linker
    spine = (p.home("desk/1") / "spine.sealed").read_bytes()
    with monkeypatch.context() as patch:
        other = stranger("assembler/1").public
        patch.setattr(
            service.centre.linker, "run_linker", lambda *w, **m: honest(*w, **{**m, "assembler": other})
        )
        p.well(p.link())
    refused(p.assemble(), BAD_KEY, ALTERED)
    assert (p.home("desk/1") / "spine.sealed").read_bytes() == spine


def test_a_spine_that_is_sealed_to_another_custodian_releases_nothing(allowed: Any) -> None:
    p, path = allowed, allowed.home("desk/1") / "spine.sealed"
    context = spine_context(read_project(p.shared).one)
    with path.open("rb") as source:
        header = read_header(source)
        key = unwrap_key(header.wrapped, by=p.people["custodian/1"], context=context)
        plain = open_body(source, header=header, key=key, context=context)
    for content in (
        seal(plain, to=stranger("custodian/1").public, context=context),
        renamed(seal(plain, to=p.people["linker/1"].public, context=context), to="custodian/1"),
        seal(plain, to=p.people["custodian/1"].public, context=read_project(p.shared).one.context("pairs")),
    ):
        path.write_bytes(content)
        refused(p.release(*p.keeper), REFUSED, "the key of spine stays shut")
    assert not (p.folder / "out").exists()


@pytest.mark.parametrize(
    "what", ["another officer's, renamed", "her own of another epoch", "her own of another project", "her own as a share"]
)  # fmt: skip
def test_a_delivery_that_was_not_sealed_to_her_for_this_round_is_not_accepted(
    partnership: Any, what: str
) -> None:
    p = partnership
    home, folder = p.home("schools/officer"), p.folder / "ceremony" / "deliveries"
    secret, her = load_secret(home / "project.secret", name="s"), p.people["schools/officer"].public
    content = {
        "another officer's, renamed": renamed(
            (folder / "police_officer.sealed").read_bytes(), to="schools/officer"
        ),
        "her own of another epoch": deliver_secret(secret, project="vpp-demo", epoch=2, to=her),
        "her own of another project": deliver_secret(secret, project="vpp", epoch=1, to=her),
        "her own as a share": seal(secret.expose(), to=her, context=b""),
    }[what]
    (p.folder / "delivered.sealed").write_bytes(content)
    refused(p.accept("schools", p.folder / "delivered.sealed", out="new.secret"), BAD_KEY, ALTERED)
    assert sorted(f.name for f in home.glob("new*")) == []


def test_an_officer_whose_file_bears_another_officers_name_accepts_neither_delivery(partnership: Any) -> None:
    p = partnership
    impostor = Identity("police/officer", p.people["schools/officer"].seeds)
    path = p.key("schools/officer")
    path.unlink()
    impostor.save(path)
    for name in ("police", "schools"):
        delivered = p.folder / "ceremony" / "deliveries" / f"{name}_officer.sealed"
        refused(
            p.accept("schools", delivered, out="new.secret"), BAD_KEY, "not that of police/officer in the trust"
        )
    assert not (p.home("schools/officer") / "new.secret").exists()


def test_the_share_of_another_custodian_gives_nothing_in_ones_own_strongbox(held_round: Any) -> None:
    """Somebody exchanges the databases' rows: what custodian 2 keeps is what only custodian 3 can open."""
    k = held_round

    def strongbox(number: int) -> Any:
        path = k.home(f"custodian/{number}") / "custodian.db"
        return contextlib.closing(sqlite3.connect(path, isolation_level=None))

    with strongbox(3) as other:
        ((theirs,),) = other.execute("SELECT sealed FROM kept_shares").fetchall()
    for sealed in (theirs, renamed(theirs, to="custodian/2")):
        with strongbox(2) as mine:
            mine.execute("UPDATE kept_shares SET sealed = ?", (sealed,))
        session, out = k.folder / f"session-{len(list(k.folder.glob('session*')))}", k.folder / "out.sealed"
        words = ("--to", "police/officer", "--epoch", 1, "--session", session, "--out", out)
        told = k.custodian(2, "recover", *words)
        assert told.code == BAD_KEY
        assert "recipient" in told.err or ALTERED in told.err
        assert not out.exists()
        assert list((session / "contributions").iterdir()) == []


@pytest.fixture
def handed(allowed: Any) -> Path:
    """The folder of a release; the project has a second analyst."""
    p = allowed
    p.well(p.release(*p.keeper))
    other = stranger(OTHER)
    p.home(OTHER).mkdir()
    other.save(p.key(OTHER))
    trust = read_project(p.shared).trust
    entry = Entry(other.public, "vpp", frozenset({"analyst"}), SINCE)
    before = (p.shared / "trust.note").read_text("utf-8").rpartition("\n\n")[0] + "\n"
    note = issue_register(
        [*trust.entries, entry], project=trust.project, version=trust.version + 1, issued_at=SINCE, previous=digest_of_text(before),
        roots=[p.people["root/1"]],
    )  # fmt: skip
    (p.shared / "trust.note").write_text(note, "utf-8")
    (folder,) = (p.folder / "out").iterdir()
    return Path(folder)


def test_a_release_for_another_analyst_opens_for_nobody_else_even_renamed(allowed: Any, handed: Path) -> None:
    p = allowed
    refused(p.open(handed, by=OTHER), BAD_KEY, "this sealed file is for another recipient")
    for path in handed.iterdir():
        path.write_bytes(renamed(path.read_bytes(), to=OTHER))
    for who in (OTHER, ANALYST):
        refused(p.open(handed, by=who), BAD_KEY, "for another recipient" if who == ANALYST else ALTERED)
    impostor = Identity(ANALYST, Identity.load(p.key(OTHER)).seeds)
    p.key(ANALYST).unlink()
    impostor.save(p.key(ANALYST))
    for path in handed.iterdir():
        path.write_bytes(renamed(path.read_bytes(), to=ANALYST))
    refused(p.open(handed), BAD_KEY, ALTERED)
    assert not (p.folder / "opened").exists()


def test_a_release_is_not_handed_over_to_another_analyst(allowed: Any, handed: Path) -> None:
    shutil.rmtree(handed)
    refused(allowed.release(*allowed.keeper, by=OTHER), BAD_INPUT, "was not made by analyst/vpp-2")
    assert not handed.exists()


def test_a_table_that_anybody_sealed_to_the_analyst_is_not_kept(allowed: Any, handed: Path) -> None:
    """Everybody knows her public key. What the desk did not release is in no log, and what it did release is in it with its digests."""
    p, one = allowed, read_project(allowed.shared).one
    her = p.people[ANALYST]

    def opened(folder: Path) -> dict[str, bytes]:
        return {
            f.name.removesuffix(".sealed"): open_sealed(
                f.read_bytes(),
                by=her,
                context=one.context("release", folder.name, f.name.removesuffix(".sealed")),
            )
            for f in folder.iterdir()
        }

    def sent(files: dict[str, bytes], name: str) -> Path:
        folder = p.folder / "forged" / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for file, content in files.items():
            sealed = seal(content, to=her.public, context=one.context("release", name, file))
            (folder / f"{file}.sealed").write_bytes(sealed)
        return folder

    true, table = opened(handed), {"table.csv": b"area,count\r\nHigh Street,1\r\n"}
    entry = json.loads(true["audit-entry.json"])
    entry["details"]["files_digest"] = digest_of(
        {**{n: true[n] for n in ("note.txt", "decision.json")}, **table}
    )
    forged = {"audit-entry.json": json.dumps(entry, sort_keys=True, separators=(",", ":")).encode()}
    for files, name in (
        (true | table, handed.name),
        (true | table | forged, handed.name),
        (true | {"readme.txt": b"look here"}, handed.name),
        (true, "release-0123456789ab"),
        ({n: c for n, c in true.items() if n != "note.txt"}, handed.name),
        ({n: c for n, c in true.items() if n != "audit-proof.txt"}, handed.name),
        (table, "release-0123456789ab"),
        (true | {"audit-proof.txt": b""}, handed.name),
        (true | {"audit-proof.txt": b"\xff\xfe"}, handed.name),
    ):
        told = p.open(sent(files, name))
        assert (told.code, told.out) == (NOT_VERIFIED, ""), (told, name)
        assert "Traceback" not in told.err
        assert not (p.folder / "opened").exists()
    p.well(p.open(sent(true, handed.name)))
