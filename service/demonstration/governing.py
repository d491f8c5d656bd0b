"""The demonstration's board votes, its controllers adopt, its analyst asks, and its log is published and witnessed."""

import hashlib
from typing import Final

from ethics.adoptions import adopt
from ethics.approvals import cast_vote
from ethics.ballots import PolicyRef, Vote
from ethics.board import read_constitution
from ethics.checkpoints import NOTHING_SEEN, merge_checkpoints
from ethics.proofs import verify_proof
from ethics.verify import verify_directory
from ethics.witness import Witness
from linkage.people import World
from policies.decision import Decision
from policies.document import Policy
from policies.explain import explain
from service.analyst.signed_requests import sign_request
from service.audit.verifying import publish_register
from service.demonstration.cast import ALLOWED_REQUEST, ANALYST, NOW, REFUSED_REQUEST, Cast
from service.demonstration.stage import Say, documents_of, event
from service.desk.archive import ARCHIVE
from service.places import Places
from service.public.site import read_sources, write_annual_report, write_register
from service.release import Desk, Release, ask, open_release, release
from service.shared import ROOT_FILE

WITNESS_QUORUM: Final = 3


def recommend_and_adopt(places: Places, *, world: World, cast: Cast, desk: Desk, say: Say) -> Policy:
    """The policy, which the board has recommended and every controller has adopted."""
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


def ask_twice(places: Places, *, cast: Cast, desk: Desk, say: Say) -> tuple[Decision, Decision, Release]:
    """Rows of single people were refused, a table of counts was allowed, and the table is released."""
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


def publish_log(
    places: Places, *, cast: Cast, desk: Desk, world: World, made: Release, say: Say
) -> tuple[int, int]:
    """The log as plain files, cosigned by the partners, and checked as anybody would: how many events it has, and how many partners cosigned."""
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
