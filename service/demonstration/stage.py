"""Sets the demonstration's stage: folders as if on separate machines, keys for everybody, the documents all hold, the agencies' exports."""

import hashlib
import shutil
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any, Final

from ethics.board import read_constitution
from ethics.events import Event
from keys import Identity, Secret, sign_note
from keys.ceremony import accept_secret, load_secret, make_secret, save_secret
from keys.trust import issue_register
from linkage.errors import BadInput
from linkage.manifest import Round
from linkage.people import PARTNERSHIP_OF_AREA, AgencyFile, World
from linkage.schema import Schema
from policies.catalogue_document import load_catalogue
from policies.document import Policy
from policies.facts import Facts
from policies.gateways_document import load_gateways
from policies.load import load_policy
from service.custody.ceremony import hold, plan_ceremony
from service.custody.ceremony_check import publish
from service.custody.ceremony_folder import delivery_file
from service.custody.custodian import Custodian
from service.custody.custodians import Where, at_work
from service.custody.rounds import Rounds
from service.demonstration.cast import (
    ANALYST,
    CEREMONY_AT,
    EPOCH,
    HOST_KIND,
    NOW,
    PROJECT,
    PURPOSE,
    ROOT_QUORUM,
    SINCE,
    TOKEN_GATEWAYS,
    Cast,
    Randomness,
    evidence,
    make_cast,
)
from service.desk.state import State
from service.dossier import POLICY_FILE
from service.evidence import EVIDENCE_FORMAT, VOUCHED, digests_of
from service.officer.mapping_file import as_mapping
from service.officer.project_secret import ACKNOWLEDGEMENT_SUFFIX, acknowledgement_of
from service.places import IDENTITY_FILE, Places
from service.release import Desk
from service.shared import ROOT_FILE, SCHEMA_FILE, TRUST_FILE, read_project, write_project, write_root
from service.texts import read_text
from service.trust.unlocking import unlocker

Say = Callable[[str], None]
MARKER: Final = ".linkage-demo"
LEDGER_SALT: Final = "ledger.salt"


def fresh_folder(out: Path) -> Places:
    """An empty folder to play in; an earlier demonstration there is removed.

    Raises:
        BadInput: `out` holds something else.
    """
    if out.exists():
        if not out.is_dir() or (not (out / MARKER).exists() and any(out.iterdir())):
            raise BadInput(f"{out} is not empty and no earlier demonstration: name another folder with --out")
        shutil.rmtree(out)
    out.mkdir(parents=True)
    (out / MARKER).touch()
    return Places(out)


def _library(package: str, name: str) -> str:
    return (resources.files(package) / "library" / name).read_text("utf-8")


def set_up(places: Places, world: World, schema: Schema, one: Round, randomness: Randomness) -> Cast:
    """Folders, keys, and the documents that everybody holds."""
    shared = places.shared
    for folder in (
        shared / "votes",
        shared / "adoptions",
        places.custodian,
        places.linker,
        places.assembler,
        places.centre,
        places.board,
        places.analyst,
        places.public,
    ):
        folder.mkdir(parents=True)
    (shared / "board.yaml").write_text(_library("ethics", "board.yaml"), encoding="utf-8")
    board = tuple(m.id for m in read_constitution(shared / "board.yaml").members)
    cast = make_cast(partners=tuple(a.name for a in world.agencies), board=board, randomness=randomness)
    (shared / SCHEMA_FILE).write_text(schema.text, encoding="utf-8")
    write_project(shared, one=one, link_type="link_and_dedupe", purpose=PURPOSE, recipient=HOST_KIND)
    write_root(shared / ROOT_FILE, cast.root)
    (shared / TRUST_FILE).write_text(
        issue_register(
            cast.entries,
            project=PROJECT,
            version=1,
            issued_at=SINCE,
            previous=None,
            roots=cast.roots[:ROOT_QUORUM],
        ),
        encoding="utf-8",
    )
    for name in ("catalogue.yaml", "gateways.yaml"):
        (shared / name).write_text(_library("policies", name), encoding="utf-8")
    (shared / POLICY_FILE).write_text(_library("policies", "framework.yaml"), encoding="utf-8")
    policy, facts = documents_of(shared)
    vouched = digests_of(**{name: read_text(shared / file) for name, file in VOUCHED.items()})
    note = (
        f"{EVIDENCE_FORMAT}\n{evidence(facts, clauses=tuple(c.id for c in policy.clauses), documents=vouched)}"
    )
    (shared / "evidence.note").write_text(sign_note(note, by=cast.people["secretariat/1"]), encoding="utf-8")
    cast.people["linker/1"].save(places.linker / IDENTITY_FILE)
    cast.people["assembler/1"].save(places.assembler / IDENTITY_FILE)
    save_secret(make_secret(name="assembler", randomness=randomness), places.assembler / "own.secret")
    cast.people["custodian/1"].save(places.custodian / IDENTITY_FILE)
    cast.people["desk/1"].save(places.centre / IDENTITY_FILE)
    cast.people["log/1"].save(places.centre / "log.key")
    cast.people[ANALYST].save(places.analyst / IDENTITY_FILE)
    for member in board:
        cast.people[member].save(places.board / f"{member.rpartition('/')[2]}.key")
    return cast


def documents_of(shared: Path) -> tuple[Policy, Facts]:
    """The policy, and the facts that stand in documents alone."""
    policy = load_policy((shared / POLICY_FILE).read_text("utf-8"))
    catalogue = load_catalogue((shared / "catalogue.yaml").read_text("utf-8"))
    return policy, Facts(
        catalogue=catalogue, gateways=load_gateways((shared / "gateways.yaml").read_text("utf-8"))
    )


def open_desk(places: Places, cast: Cast, one: Round, randomness: Randomness) -> Desk:
    """The release desk with its custodian, state and log, at the demonstration's fixed time."""
    custodian = Custodian(
        places.custodian, identity=cast.people["custodian/1"], root=cast.root, one=one, clock=lambda: NOW
    )
    state = State(places.centre / "office.db", origin="log/1")
    salt = make_secret(name="ledger salt", randomness=randomness)
    save_secret(salt, places.centre / LEDGER_SALT)
    return Desk(
        folder=places.centre, shared=places.shared, one=one, identity=cast.people["desk/1"], log_identity=cast.people["log/1"],
        root=cast.root, state=state, custodian=custodian, salt=salt, clock=lambda: NOW,
    )  # fmt: skip


def event(kind: str, by: str, **details: Any) -> Event:
    """An event of the demonstration, at its fixed time."""
    return Event(kind, at=NOW, by=by, project=PROJECT, details=details)


def digest_of(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def deliver(places: Places, world: World, cast: Cast, one: Round, randomness: Randomness, desk: Desk) -> None:
    """The register, constitution and schema are logged; every data officer holds the project secret and a secret of its own."""
    desk.state.record(
        event(
            "trust-register-issued",
            "root/1",
            version=1,
            register_digest=digest_of(places.shared / TRUST_FILE),
            entries=len(cast.entries),
        )
    )
    desk.state.record(
        event(
            "constitution-agreed", "secretariat/1", constitution_digest=digest_of(places.shared / "board.yaml")
        )
    )
    desk.state.record(
        event(
            "schema-agreed",
            "secretariat/1",
            schema="vpp-default",
            schema_digest=one.schema_digest,
            partners=",".join(a.name for a in world.agencies),
        )
    )
    folder = hold_ceremony(places, cast, randomness)
    for agency in world.agencies:
        home = places.agency(agency.name)
        home.mkdir(parents=True)
        officer = cast.people[f"{agency.name}/officer"]
        officer.save(home / IDENTITY_FILE)
        cast.people[f"{agency.name}/controller"].save(home / "controller.key")
        cast.people[f"{agency.name}/witness"].save(home / "witness.key")
        take_secret(folder, home=home, officer=officer, shared=places.shared)
        save_secret(make_secret(name="own", randomness=randomness), home / "own.secret")
        desk.state.record(
            event("secret-delivered", "custodian/1", to=officer.name, epoch=EPOCH, partner=agency.name)
        )


def hold_ceremony(places: Places, cast: Cast, randomness: Randomness) -> Path:
    """The folder of the ceremony that the one custodian held, checked and signed; its record is published."""
    folder = places.custodian / f"ceremony-{EPOCH}"
    where = Where(
        shared=places.shared, root=places.shared / ROOT_FILE, identity=places.custodian / IDENTITY_FILE, folder=places.custodian,
        unlock=unlocker({}, ask=None),
    )  # fmt: skip
    with at_work(where, now=CEREMONY_AT) as work:
        plan = plan_ceremony(work, epoch=None, threshold=None, linker=None, closes_earlier=None)
        hold(work, plan, out=folder, randomness=randomness)
    publish(folder, shared=places.shared, root=cast.root)
    return folder


def take_secret(folder: Path, *, home: Path, officer: Identity, shared: Path) -> None:
    """A data officer opens what the ceremony sealed to it, checks it against the published record, keeps it, and acknowledges."""
    sealed = (folder / delivery_file(officer.name)).read_bytes()
    (home / "project.secret.sealed").write_bytes(sealed)
    secret = accept_secret(sealed, project=PROJECT, epoch=EPOCH, by=officer)
    record = Rounds.read(shared, trust=read_project(shared).trust, now=NOW).record(EPOCH)
    record.check_secret(secret)
    save_secret(secret, home / "project.secret")
    note = acknowledgement_of(record, by=officer, now=CEREMONY_AT)
    (home / f"project.secret{ACKNOWLEDGEMENT_SUFFIX}").write_text(note, encoding="utf-8")


def export_agency(agency: AgencyFile, home: Path, facts: Facts) -> Path:
    """The agency's export as it would come out of its own system, and the mapping its data officer wrote for it."""
    frame = agency.frame.copy()
    for column in (c for c in agency.attributes if c == "area"):
        frame[column] = frame[column].map(PARTNERSHIP_OF_AREA)
    path = home / "export.csv"
    frame.to_csv(path, index=False)
    known = facts.catalogue.attributes
    attributes = {a: a for a in agency.attributes if f"{agency.name}.{a}" in known}
    gateways = {a: known[f"{agency.name}.{a}"].submitted_under for a in attributes}
    text = as_mapping(
        partner=agency.name, record_id=agency.record_id, date_order=agency.date_order, identifiers=agency.identifiers,
        attributes=attributes, token_gateway=TOKEN_GATEWAYS[agency.name], attribute_gateways=gateways,
    )  # fmt: skip
    (home / "mapping.yaml").write_text(text, encoding="utf-8")
    return path


def own_secret(path: Path) -> Secret:
    """The secret in a file."""
    return load_secret(path, name=path.name)
