"""`linkage demo`: the whole journey with five made-up agencies, every step the one that real partners would take."""

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from ethics import (
    NOTHING_SEEN,
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
from keys import Identity
from linkage.central.assemble import Linkage, run_assembler
from linkage.central.receive import Doorstep, read_manifests, receive
from linkage.central.report.own_line import fit_for
from linkage.central.report.quality import assess, calibration
from linkage.errors import BadInput
from linkage.manifest import Manifest, Round
from linkage.partner.tokenise import record_refs
from linkage.people import World, make_world
from linkage.schema import default_schema
from policies import Decision, Policy
from policies.disclosure import HIDDEN, rows
from policies.explain import explain, explain_clause
from service.analyst.signed_requests import sign_request
from service.audit.verifying import publish_register
from service.centre.linker import MODEL_FILE
from service.custody.rounds import Rounds
from service.demonstration.cast import (
    ALLOWED_REQUEST,
    ANALYST,
    EPOCH,
    HOST_KIND,
    NOW,
    PROJECT,
    PURPOSE,
    REFUSED_REQUEST,
    Cast,
    Randomness,
)
from service.demonstration.partners import Export, Office, recipients_of, submit
from service.demonstration.stage import (
    deliver,
    digest_of,
    documents_of,
    event,
    export_agency,
    fresh_folder,
    open_desk,
    own_secret,
    set_up,
)
from service.demonstration.story import Story, told, write_page
from service.desk.archive import ARCHIVE
from service.desk.gates import objections
from service.officer.mapping_file import read_mapping
from service.places import IDENTITY_FILE, Places
from service.public.site import read_sources, write_annual_report, write_register
from service.release import SPINE_FILE, Desk, Release, ask, open_release, release
from service.shared import ROOT_FILE, read_project

Say = Callable[[str], None]
WITNESS_QUORUM: Final = 3


def run(out: Path, *, people: int, seed: int, say: Say) -> Story:
    """The demonstration in `out`, its page in `out/index.html`, told step by step.

    Raises:
        BadInput: `out` exists and is no earlier demonstration.
    """
    started = time.perf_counter()
    places = fresh_folder(out)
    randomness = Randomness(seed)
    say(f"1. {people:,} made-up people live in nine local partnerships; five agencies know some of them.")
    world = make_world(people=people, seed=seed)
    schema = default_schema()
    one = Round(PROJECT, EPOCH, schema.digest)
    cast = set_up(places, world, schema, one, randomness)
    desk = open_desk(places, cast, one, randomness)
    say("2. The schema is agreed and the project secret delivered, sealed, to each data officer.")
    deliver(places, world, cast, one, randomness, desk)
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
    write_page(places.root, story)
    for line in told(story, out):
        say(line)
    return story


def _submit_all(places: Places, world: World, one: Round, randomness: Randomness, desk: Desk, say: Say) -> None:
    project = read_project(places.shared)
    verified = desk.verified()
    rounds = Rounds.read(places.shared, trust=project.trust, now=NOW)
    doorstep = Doorstep(places.linker / "inbox", places.assembler / "inbox", places.centre / "desk")

    def object_to(manifest: Manifest) -> list[str]:
        against = objections(manifest, facts=verified.facts, purpose=PURPOSE, recipient=HOST_KIND, now=NOW)
        return [*rounds.objections(manifest.round.epoch, now=NOW, key_check=manifest.key_check), *against]

    for agency in world.agencies:
        home = places.agency(agency.name)
        export = export_agency(agency, home, verified.facts)
        office = Office(
            officer=Identity.load(home / IDENTITY_FILE), secret=own_secret(home / "project.secret"), own=own_secret(home / "own.secret"),
            one=one, schema=project.schema, recipients=recipients_of(project.trust, at=NOW),
        )  # fmt: skip
        made = submit(
            Export.of(
                export, read_mapping(home / "mapping.yaml"), lists=home, catalogue=verified.facts.catalogue
            ),
            office=office,
            out=home / "submission",
            now=NOW,
            randomness=randomness,
        )
        sent, read = made.submission, made.report
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
            event(
                "submission-received", "desk/1", submission=sent.manifest.submission, partner=agency.name, manifest_digest=sent.manifest.digest,
                schema_digest=one.schema_digest, attributes=len(sent.manifest.attributes), epoch=EPOCH,
            )
        )  # fmt: skip
        invalid = sum(i.invalid for i in read.identifiers)
        size = sum(f.size for f in sent.manifest.files) / 1e6
        say(
            f"     {agency.title:<28}{read.read:>7,} records, {invalid:>4,} invalid values, {len(sent.manifest.files)} sealed files of {size:.0f} MB"
        )


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
            "centre",
            "link",
            str(places.linker),
            "--shared",
            shared,
            "--out",
            str(places.assembler / "pairs"),
            "--at",
            NOW.isoformat(),
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
        assembler=cast.people["assembler/1"], linker=cast.people["linker/1"].public,
        fit=fit_for(default_schema().most_people_per_key),
    )  # fmt: skip
    desk.state.record(
        event(
            "linkage-run",
            "linker/1",
            linkage=f"linkage-{EPOCH}",
            schema_digest=one.schema_digest,
            model_digest=digest_of(places.linker / MODEL_FILE),
            submissions=",".join(m.submission for m in manifests),
        )
    )
    desk.state.record(
        event(
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
    policy, _ = documents_of(shared)
    ref = PolicyRef(policy.policy, policy.version, policy.digest)
    desk.state.record(
        event(
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
            event(
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
        event(
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
            event(
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
    (places.analyst / "rules.yaml").write_text("mode: rounded\ntotal: All\n", encoding="utf-8")
    rows, table = (sign_request(text, by=cast.people[ANALYST]) for text in (REFUSED_REQUEST, ALLOWED_REQUEST))
    (requests / "rows.note").write_text(rows, encoding="utf-8")
    (requests / "table.note").write_text(table, encoding="utf-8")
    refused = ask(rows, request_id="request-1", desk=desk)
    say("     request-1, rows of single people: " + ("allowed" if refused.allowed else "refused"))
    for line in explain(refused):
        say(f"       {line}")
    allowed = ask(table, request_id="request-2", desk=desk)
    say("     request-2, a table of counts: " + ("allowed" if allowed.allowed else "refused"))
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
    publish_register(places.shared, out=places.public)
    write_public_register(places)
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


def write_public_register(places: Places) -> None:
    """The public register and the annual report stand in `public/register/` and beside it."""
    sources = read_sources(
        places.public / "audit", shared=places.shared, root=places.shared / ROOT_FILE, archive=places.centre / ARCHIVE,
        partnership="A made-up violence prevention partnership", contact="the secretariat of the partnership", quorum=None, at=NOW,
    )  # fmt: skip
    write_register(sources, out=places.public / "register")
    write_annual_report(sources, year=NOW.year, out=places.public / f"annual-report-{NOW.year}.html")


def _true_people(places: Places, world: World, linkage: Linkage) -> np.ndarray[Any, np.dtype[np.int64]]:
    person: dict[bytes, int] = {}
    for agency in world.agencies:
        truth = world.truth[agency.name]
        ids = truth.index.astype(str).to_numpy(dtype=object)
        refs = record_refs(ids, own=own_secret(places.agency(agency.name) / "own.secret"))
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
