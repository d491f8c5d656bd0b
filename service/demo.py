"""`linkage demo`: the whole journey with five made-up agencies, every step the one that real partners would take."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from ethics import (
    NOTHING_SEEN,
    Event,
    PolicyRef,
    Vote,
    Witness,
    adopt,
    cast_vote,
    merge_checkpoints,
    read_constitution,
    verify_directory,
    verify_proof,
)
from keys import Identity, Secret, sign_note
from keys.ceremony import accept_secret, deliver_secret, load_secret, make_secret, save_secret
from keys.trust import issue_register
from linkage.central.assemble import Linkage, run_assembler
from linkage.central.model import DEFAULT_THRESHOLD
from linkage.central.quality import assess, calibration
from linkage.central.receive import Doorstep, read_manifests, receive
from linkage.errors import BadInput
from linkage.manifest import Manifest, Round
from linkage.partner.tokenise import record_refs
from linkage.people import PARTNERSHIP_OF_AREA, AgencyFile, World, make_world
from linkage.schema import Schema, default_schema
from policies import Decision, Facts, Policy, load_catalogue, load_gateways, load_policy
from policies.disclosure import HIDDEN, rows
from policies.explain import explain, explain_clause
from service.cast import (
    ALLOWED_REQUEST,
    ANALYST,
    EPOCH,
    HOST_KIND,
    NOW,
    PROJECT,
    PURPOSE,
    REFUSED_REQUEST,
    TOKEN_GATEWAYS,
    Cast,
    Randomness,
    evidence,
    make_cast,
)
from service.custodian import Custodian
from service.desks import IDENTITY_FILE, KEYS_FILE, MODEL_FILE, write_log_keys
from service.dossier import EVIDENCE_FORMAT, POLICY_FILE, TRUST_FILE, VOUCHED, digests_of
from service.gates import objections
from service.partners import Office, as_mapping, read_mapping, recipients_of, submit
from service.pictures import bars, calibration_plot, heat_table, journey
from service.places import Places
from service.release import SPINE_FILE, Desk, Release, ask, open_release, release
from service.shared import ROOT_FILE, SCHEMA_FILE, read_project, write_identity, write_project
from service.state import State
from service.texts import read_text

Say = Callable[[str], None]
MARKER: Final = ".linkage-demo"
LEDGER_SALT: Final = "ledger.salt"
WITNESS_QUORUM: Final = 3


@dataclass(frozen=True, slots=True)
class Story:
    """What happened, for the terminal and the page."""

    people: int
    seed: int
    records: dict[str, int]
    found: int
    known: int
    quality: dict[str, Any]
    calibration: list[Any]
    refused: Decision
    allowed: Decision
    table: tuple[tuple[str, ...], ...]
    hidden: int
    cells: int
    release: str
    events: int
    witnesses: int
    seconds: float
    policy: tuple[str, ...]
    sizes: dict[int, int]

    @property
    def digest(self) -> str:
        """SHA-256 over everything that the same seed must give again."""
        facts = {
            "records": self.records, "found": self.found, "quality": self.quality, "table": self.table,
            "refused": explain(self.refused), "allowed": explain(self.allowed), "events": self.events,
        }  # fmt: skip
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def run(out: Path, *, people: int, seed: int, say: Say) -> Story:
    """The demonstration in `out`, its page in `out/index.html`, told step by step.

    Raises:
        BadInput: `out` exists and is no earlier demonstration.
    """
    started = time.perf_counter()
    places = _fresh(out)
    randomness = Randomness(seed)
    say(f"1. {people:,} made-up people live in nine local partnerships; five agencies know some of them.")
    world = make_world(people=people, seed=seed)
    schema = default_schema()
    one = Round(PROJECT, EPOCH, schema.digest)
    cast = _set_up(places, world, schema, one, randomness)
    desk = _desk(places, cast, one, randomness)
    say("2. The schema is agreed and the project secret delivered, sealed, to each data officer.")
    _deliver(places, world, cast, one, randomness, desk)
    say("3. Each agency cleans, tokenises and seals on its own machine.")
    _submit_all(places, world, one, randomness, desk, say)
    say(
        "4. The linker scores sealed tokens, one pass after another; the assembler forms people. Two processes, two keys."
    )
    linkage = _link(places, cast, one, desk, say)
    say("5. The board votes; each controller adopts the clauses for its own data.")
    policy = _adopt(places, world, cast, desk, say)
    say("6. An analyst asks twice.")
    refused, allowed, made = _ask(places, cast, desk, say)
    say("7. Partners witness the log; anybody can check it.")
    events, witnesses = _publish(places, cast, desk, world, made, say)
    story = _story(
        people, seed, places, world, linkage, policy, refused, allowed, made, events, witnesses, started
    )
    desk.state.close()
    desk.custodian.close()
    _page(places, story)
    for line in told(story, out):
        say(line)
    return story


def _fresh(out: Path) -> Places:
    if out.exists():
        if not out.is_dir() or (not (out / MARKER).exists() and any(out.iterdir())):
            raise BadInput(f"{out} is not empty and no earlier demonstration: name another folder with --out")
        shutil.rmtree(out)
    out.mkdir(parents=True)
    (out / MARKER).touch()
    return Places(out)


def _library(package: str, name: str) -> str:
    return (resources.files(package) / "library" / name).read_text("utf-8")


def _set_up(places: Places, world: World, schema: Schema, one: Round, randomness: Randomness) -> Cast:
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
    write_project(shared, one=one, link_type="link_and_dedupe")
    write_identity(shared / ROOT_FILE, cast.root.public)
    (shared / TRUST_FILE).write_text(
        issue_register(cast.entries, project=PROJECT, version=1, root=cast.root), encoding="utf-8"
    )
    for name in ("catalogue.yaml", "gateways.yaml"):
        (shared / name).write_text(_library("policies", name), encoding="utf-8")
    (shared / POLICY_FILE).write_text(_library("policies", "framework.yaml"), encoding="utf-8")
    policy, facts = _documents(shared)
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


def _documents(shared: Path) -> tuple[Policy, Facts]:
    policy = load_policy((shared / POLICY_FILE).read_text("utf-8"))
    catalogue = load_catalogue((shared / "catalogue.yaml").read_text("utf-8"))
    return policy, Facts(
        catalogue=catalogue, gateways=load_gateways((shared / "gateways.yaml").read_text("utf-8"))
    )


def _desk(places: Places, cast: Cast, one: Round, randomness: Randomness) -> Desk:
    custodian = Custodian(
        places.custodian, identity=cast.people["custodian/1"], root=cast.root.public, one=one, clock=lambda: NOW
    )
    state = State(places.centre / "office.db", origin="log/1")
    salt = make_secret(name="ledger salt", randomness=randomness)
    save_secret(salt, places.centre / LEDGER_SALT)
    return Desk(
        folder=places.centre, shared=places.shared, one=one, identity=cast.people["desk/1"], log_identity=cast.people["log/1"],
        root=cast.root.public, state=state, custodian=custodian, salt=salt.expose(), clock=lambda: NOW,
    )  # fmt: skip


def _event(kind: str, by: str, **details: Any) -> Event:
    return Event(kind, at=NOW, by=by, project=PROJECT, details=details)


def _sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _deliver(places: Places, world: World, cast: Cast, one: Round, randomness: Randomness, desk: Desk) -> None:
    desk.state.record(
        _event(
            "trust-register-issued",
            "root/1",
            version=1,
            register_digest=_sha(places.shared / TRUST_FILE),
            entries=len(cast.entries),
        )
    )
    desk.state.record(
        _event("constitution-agreed", "secretariat/1", constitution_digest=_sha(places.shared / "board.yaml"))
    )
    desk.state.record(
        _event(
            "schema-agreed",
            "secretariat/1",
            schema="vpp-default",
            schema_digest=one.schema_digest,
            partners=",".join(a.name for a in world.agencies),
        )
    )
    secret = make_secret(name="project secret", randomness=randomness)
    for agency in world.agencies:
        home = places.agency(agency.name)
        home.mkdir(parents=True)
        officer = cast.people[f"{agency.name}/officer"]
        officer.save(home / IDENTITY_FILE)
        cast.people[f"{agency.name}/controller"].save(home / "controller.key")
        cast.people[f"{agency.name}/witness"].save(home / "witness.key")
        sealed = deliver_secret(secret, project=PROJECT, epoch=EPOCH, to=officer.public)
        (home / "project.secret.sealed").write_bytes(sealed)
        save_secret(accept_secret(sealed, project=PROJECT, epoch=EPOCH, by=officer), home / "project.secret")
        save_secret(make_secret(name="own", randomness=randomness), home / "own.secret")
        desk.state.record(
            _event("secret-delivered", "custodian/1", to=officer.name, epoch=EPOCH, partner=agency.name)
        )


def _export(agency: AgencyFile, home: Path, facts: Facts) -> Path:
    """The agency's export as it would come out of its own system, and the mapping its data officer wrote for it."""
    frame = agency.frame.copy()
    for column in (c for c in agency.attributes if c == "area"):
        frame[column] = frame[column].map(PARTNERSHIP_OF_AREA)
    path = home / "export.csv"
    frame.to_csv(path, index=False)
    known = facts.catalogue.attributes
    attributes = {a: a for a in agency.attributes if f"{agency.name}.{a}" in known}
    gateways = {a: known[f"{agency.name}.{a}"].gateways[0] for a in attributes}
    text = as_mapping(
        partner=agency.name, record_id=agency.record_id, date_order=agency.date_order, identifiers=agency.identifiers,
        attributes=attributes, token_gateway=TOKEN_GATEWAYS[agency.name], attribute_gateways=gateways,
    )  # fmt: skip
    (home / "mapping.yaml").write_text(text, encoding="utf-8")
    return path


def _submit_all(places: Places, world: World, one: Round, randomness: Randomness, desk: Desk, say: Say) -> None:
    project = read_project(places.shared)
    verified = desk.verified()
    doorstep = Doorstep(places.linker / "inbox", places.assembler / "inbox", places.centre / "desk")

    def object_to(manifest: Manifest) -> list[str]:
        return objections(manifest, facts=verified.facts, purpose=PURPOSE, recipient=HOST_KIND, now=NOW)

    for agency in world.agencies:
        home = places.agency(agency.name)
        export = _export(agency, home, verified.facts)
        office = Office(
            officer=Identity.load(home / IDENTITY_FILE), secret=_secret(home / "project.secret"), own=_secret(home / "own.secret"),
            one=one, schema=project.schema, recipients=recipients_of(project.trust, at=NOW),
        )  # fmt: skip
        sent, quality = submit(
            export,
            mapping=read_mapping(home / "mapping.yaml"),
            office=office,
            out=home / "submission",
            now=NOW,
            randomness=randomness,
        )
        received = receive(
            sent.folder,
            trust=project.trust,
            one=one,
            doorstep=doorstep,
            signer=desk.identity,
            now=NOW,
            object_to=object_to,
        )
        (home / "receipt.note").write_text(received.receipt, encoding="utf-8")
        desk.state.record(
            _event(
                "submission-received", "desk/1", submission=sent.manifest.submission, partner=agency.name, manifest_digest=sent.manifest.digest,
                schema_digest=one.schema_digest, attributes=len(sent.manifest.attributes), epoch=EPOCH,
            )
        )  # fmt: skip
        invalid = sum(f.invalid for f in quality.fields.values())
        size = sum(f.size for f in sent.manifest.files) / 1e6
        say(
            f"     {agency.title:<24}{quality.records:>7,} records, {invalid:>4,} values that are none, {len(sent.manifest.files)} sealed files of {size:.0f} MB"
        )


def _secret(path: Path) -> Secret:
    return load_secret(path, name=path.name)


def _own_process(*words: str) -> str:
    """What a command printed that ran as a process of its own, with its folder as its only argument besides the shared one.

    `-P` keeps the working directory off the module path: a stranger's `cli.py` that lies there is not run.
    """
    run = subprocess.run(  # noqa: S603  our own program, fixed words
        [sys.executable, "-P", "-m", "cli", *words], capture_output=True, text=True, check=False, env=os.environ
    )
    if run.returncode != 0:
        raise BadInput(f"{' '.join(words[:2])} failed: {run.stderr.strip()}")
    return run.stdout.strip()


def _link(places: Places, cast: Cast, one: Round, desk: Desk, say: Say) -> Linkage:
    shared = str(places.shared)
    say(
        "     linker:    "
        + _own_process(
            "centre", "link", str(places.linker), "--shared", shared, "--out", str(places.assembler / "pairs")
        )
    )
    say(
        "     assembler: "
        + _own_process(
            "centre",
            "assemble",
            str(places.assembler),
            "--shared",
            shared,
            "--out",
            str(places.centre / SPINE_FILE),
        )
    )
    # The demonstration looks over the assembler's shoulder to compare with the truth; in earnest nobody can.
    trust = read_project(places.shared).trust
    manifests = read_manifests(places.assembler / "inbox", trust=trust, one=one, now=NOW)
    linkage = run_assembler(
        places.assembler / "inbox", pairs=places.assembler / "pairs", one=one, manifests=manifests,
        assembler=cast.people["assembler/1"], threshold=DEFAULT_THRESHOLD,
    )  # fmt: skip
    desk.state.record(
        _event(
            "linkage-run",
            "linker/1",
            linkage=f"linkage-{EPOCH}",
            schema_digest=one.schema_digest,
            model_digest=_sha(places.linker / MODEL_FILE),
            submissions=",".join(m.submission for m in manifests),
        )
    )
    desk.state.record(
        _event(
            "people-formed",
            "assembler/1",
            linkage=f"linkage-{EPOCH}",
            people=linkage.people,
            records=linkage.records.count,
        )
    )
    return linkage


def _adopt(places: Places, world: World, cast: Cast, desk: Desk, say: Say) -> Policy:
    shared = places.shared
    policy, _ = _documents(shared)
    ref = PolicyRef(policy.policy, policy.version, policy.digest)
    desk.state.record(
        _event(
            "policy-proposed",
            "secretariat/1",
            policy=ref.policy,
            version=ref.version,
            policy_digest=ref.digest,
            clauses=",".join(c.id for c in policy.clauses),
        )
    )
    constitution = read_constitution(shared / "board.yaml")
    for member in constitution.members:
        conflicted = member.id == "board/police-analyst"
        note = cast_vote(ref, vote=Vote.APPROVE, conflicted=conflicted, by=cast.people[member.id], at=NOW)
        (shared / "votes" / f"{member.id.rpartition('/')[2]}.note").write_text(note, encoding="utf-8")
        desk.state.record(
            _event(
                "vote-cast",
                member.id,
                policy=ref.policy,
                version=ref.version,
                policy_digest=ref.digest,
                note_digest=hashlib.sha256(note.encode()).hexdigest(),
            )
        )
    status = desk.verified().approval
    votes = hashlib.sha256(
        b"".join(p.read_bytes() for p in sorted((shared / "votes").glob("*.note")))
    ).hexdigest()
    desk.state.record(
        _event(
            "policy-recommended",
            "secretariat/1",
            policy=ref.policy,
            version=ref.version,
            policy_digest=ref.digest,
            votes_digest=votes,
            present=len(status.present),
            approve=len(status.approve),
            conflicted=len(status.conflicted),
        )
    )
    for agency in world.agencies:
        clauses = [c.id for c in policy.clauses]
        note = adopt(
            ref, clauses=clauses, partner=agency.name, by=cast.people[f"{agency.name}/controller"], at=NOW
        )
        (shared / "adoptions" / f"{agency.name}.note").write_text(note, encoding="utf-8")
        desk.state.record(
            _event(
                "policy-adopted",
                f"{agency.name}/controller",
                policy=ref.policy,
                version=ref.version,
                policy_digest=ref.digest,
                partner=agency.name,
                clauses=",".join(clauses),
            )
        )
    say(
        f"     {len(status.approve)} approve, {len(status.conflicted)} declared a conflict and did not count; {len(world.agencies)} controllers adopted {len(policy.clauses)} clauses"
    )
    return policy


def _ask(places: Places, cast: Cast, desk: Desk, say: Say) -> tuple[Decision, Decision, Release]:
    requests = places.analyst / "requests"
    requests.mkdir()
    (requests / "rows.yaml").write_text(REFUSED_REQUEST, encoding="utf-8")
    (requests / "table.yaml").write_text(ALLOWED_REQUEST, encoding="utf-8")
    refused = ask(REFUSED_REQUEST, request_id="request-1", desk=desk)
    say("     request-1, rows of single people: " + ("allowed" if refused.allowed else "refused"))
    for line in explain(refused):
        say(f"       {line}")
    allowed = ask(ALLOWED_REQUEST, request_id="request-2", desk=desk)
    say("     request-2, a table by local partnership: " + ("allowed" if allowed.allowed else "refused"))
    made = release("request-2", by=cast.people[ANALYST].public, desk=desk)
    home = places.analyst / made.id
    home.mkdir()
    for name, content in made.files.items():
        (home / name).write_bytes(content)
    for name, content in open_release(
        made.files, release_id=made.id, one=desk.one, by=cast.people[ANALYST]
    ).items():
        (home / name).write_bytes(content)
    return refused, allowed, made


def _publish(places: Places, cast: Cast, desk: Desk, world: World, made: Release, say: Say) -> tuple[int, int]:
    """The log as plain files, cosigned by the partners, and checked as anybody would."""
    log = desk.state.log
    note = log.checkpoint(by=desk.log_identity, now=NOW)
    witnesses = tuple(cast.people[f"{a.name}/witness"] for a in world.agencies)
    for identity in witnesses:
        cosigned, _ = Witness(identity, desk.log_identity.public).cosign(
            note, consistency=(), seen=NOTHING_SEEN, now=NOW
        )
        note = merge_checkpoints(note, other=cosigned)
    keys = tuple(w.public for w in witnesses)
    log.keep_cosigned(note, log=desk.log_identity.public, witnesses=keys, now=NOW)
    log.export(places.public / "audit")
    write_log_keys(
        places.public / KEYS_FILE, log=desk.log_identity.public, witnesses=keys, quorum=WITNESS_QUORUM
    )
    found = verify_directory(
        places.public / "audit", log=desk.log_identity.public, witnesses=keys, quorum=WITNESS_QUORUM
    )
    home = places.analyst / made.id
    verify_proof(
        (home / "audit-proof.txt").read_text("utf-8"),
        (home / "audit-entry.json").read_bytes(),
        log=desk.log_identity.public,
    )
    say(
        f"     audit: {found.head.size} events, checkpoint verifies, {len(found.cosignatures)} partners cosigned"
    )
    return found.head.size, len(found.cosignatures)


def _true_people(places: Places, world: World, linkage: Linkage) -> np.ndarray[Any, np.dtype[np.int64]]:
    person: dict[bytes, int] = {}
    for agency in world.agencies:
        truth = world.truth[agency.name]
        ids = truth.index.astype(str).to_numpy(dtype=object)
        refs = record_refs(ids, own=_secret(places.agency(agency.name) / "own.secret"))
        person |= {bytes(r): int(p) for r, p in zip(refs, truth, strict=True)}
    return pd.factorize(np.array([person[bytes(r)] for r in linkage.records.record_ref]))[0].astype(np.int64)


def _story(
    people: int, seed: int, places: Places, world: World, linkage: Linkage, policy: Policy, refused: Decision, allowed: Decision,
    made: Release, events: int, witnesses: int, started: float,
) -> Story:  # fmt: skip
    truth = _true_people(places, world, linkage)
    bounds = (0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97, 1.0001)
    sizes = np.bincount(np.bincount(linkage.person))
    clause = next(c for c in policy.clauses if c.id in allowed.clauses)
    return Story(
        people=people, seed=seed, records={a.title: len(a.frame) for a in world.agencies}, found=linkage.people,
        known=int(truth.max()) + 1,
        quality=assess(linkage.pairs, records=linkage.records, truth=truth, link_type="link_and_dedupe", threshold=linkage.threshold),
        calibration=calibration(linkage.pairs, truth=truth, bounds=bounds),
        refused=refused, allowed=allowed, table=rows(made.safe), hidden=sum(c == HIDDEN for c in made.safe.published.cells),
        cells=len(made.safe.published.cells), release=made.id, events=events, witnesses=witnesses,
        seconds=time.perf_counter() - started, policy=tuple(explain_clause(clause)),
        sizes={n: int(c) for n, c in enumerate(sizes) if n and c},
    )  # fmt: skip


def told(story: Story, out: Path) -> list[str]:
    """The story in a few lines that a newcomer understands."""
    score = story.quality["default"]
    shown = [line for line in story.table[1:] if line[0] != "All"]
    some = next((at for at, line in enumerate(shown) if line[-1] == HIDDEN), 0)
    start = max(0, min(some - 3, len(shown) - 6))
    wide = max(len(line[0]) for line in shown)
    return [
        "",
        f"Records in:      {sum(story.records.values()):,} from {len(story.records)} agencies. No name left any of them.",
        f"People found:    {story.found:,} ({story.known:,} in truth). Of the pairs linked {score['precision']:.1%} are right, and {score['recall']:.1%} of all true pairs were found.",
        f"Table released:  {story.cells} cells, {story.hidden} of them hidden: pupils of 10 to 17 by area, suspended from school?, arrested for violence?",
        *(
            f"                   {line[0]:<{wide}}  {line[1]:<4} {line[2]:<10} {line[3]:>6}"
            for line in shown[start : start + 6]
        ),
        "Request refused: rows of single people. " + (_offer(story.refused)),
        f"Log:             {story.events} events, every one verified; {story.witnesses} partners cosigned the checkpoint.",
        f"Digest:          {story.digest[:16]} (the same whenever the seed is {story.seed})",
        f"Took {story.seconds:.0f} s. Open {out / 'index.html'}",
    ]


def _offer(decision: Decision) -> str:
    return (
        "Nearest allowed: " + " ".join(decision.alternative.words)
        if decision.alternative
        else "No near alternative."
    )


def _page(places: Places, story: Story) -> None:
    pages = Environment(
        loader=PackageLoader("service", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = pages.get_template("demo.html").render(
        story=story,
        score=story.quality["default"],
        best=story.quality["best"],
        clusters=story.quality["clusters"],
        refused=explain(story.refused),
        allowed=explain(story.allowed),
        offer=story.refused.alternative.words if story.refused.alternative else (),
        journey=journey(),
        records=bars(story.records, unit="records"),
        sizes=bars(
            {f"{n} records" if n > 1 else "1 record": c for n, c in story.sizes.items() if n <= 8},
            unit="people",
        ),
        calibration=calibration_plot(story.calibration),
        table=heat_table(story.table),
        total=sum(story.records.values()),
    )
    (places.root / "index.html").write_text(page, encoding="utf-8")
