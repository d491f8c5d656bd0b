"""From a draft to the papers before the members: checked, its exact impact worked out, the pack made, all named by digest in signed acts."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Final

from ethics.acts import sign_act, text_digest_of
from ethics.board import Constitution
from ethics.case import parse_case
from ethics.lifecycle import State, Step
from ethics.principles import numbers_of
from policies.catalogue_document import load_catalogue
from policies.document import Policy
from policies.errors import PolicyError
from policies.explain_change import explain_preview
from policies.facts import Facts
from policies.gateways_document import load_gateways
from policies.impact import Preview
from policies.linter import lint
from policies.paperwork import with_paperwork
from policies.preview import preview
from policies.selftest import first_day, run_tests
from policies.space import Standing, whole_space
from policies.terms import is_word
from service import clock
from service.board.pack import Papers, events_in, page, since_of
from service.board.proposal_folder import (
    CASE_FILE,
    PACK_FILE,
    PREVIEW_FILE,
    Folder,
    case_of,
    constitution_in,
    digest_of,
    folder_of,
    note_file,
    policy_in,
)
from service.board.proposals import Hand, signer
from service.board.standing import check_agreed, framework_in
from service.errors import OutOfOrder
from service.evidence import VOUCHED, Vouched, on_record
from service.shared import Project, read_project
from service.texts import read_text
from service.writing import write_whole

FIRST_DAYS: Final = 1
NEW: Final = "No version is in force now. Everything below is new."
PAPERWORK: Final = (
    "It is assumed that every partner adopts every clause, and that all assessments and evidence are in order."
)


@dataclass(frozen=True, slots=True)
class Made:
    """What members are shown: the text of the preview, the page of the pack, and the notes that name them."""

    preview: str
    pack: str


def checked(policy: Policy, *, shared: Path) -> int:
    """How many tests inside the document passed; the linter found nothing, and every clause cites principles that the framework carries out.

    Raises:
        PolicyError: there are faults, or a test fails, or there is none.
        BadDocument: a clause cites a principle that the framework does not have.
    """
    catalogue = load_catalogue(read_text(shared / VOUCHED["catalogue"]), name=VOUCHED["catalogue"])
    gateways = load_gateways(read_text(shared / VOUCHED["gateways"]), name=VOUCHED["gateways"])
    for clause in policy.clauses:
        numbers_of(clause.principles, framework=framework_in(shared))
    faults = [str(one) for one in lint(policy, catalogue=catalogue, gateways=gateways)]
    outcomes = run_tests(policy, catalogue=catalogue, gateways=gateways, now=first_day(policy))
    faults += [f"test {one.id} failed" for one in outcomes if not one.passed]
    if not outcomes:
        faults.append("the document has no tests: add some under `tests:`")
    if faults:
        raise PolicyError("\n".join(faults))
    return len(outcomes)


def impact_of(
    draft: Policy, *, before: Policy | None, facts: Facts, project: Project, now: datetime
) -> Preview:
    """What the draft changes, exactly, with all its paperwork taken as done."""
    old = before or draft.model_copy(update={"clauses": ()})
    first = max(now, datetime.combine(draft.effective, time(), UTC))
    known = {one.kind for one in facts.requesters.values() if is_word(one.kind, kind="organisation")}
    standings = [
        Standing(
            policy,
            with_paperwork(
                facts,
                policy=policy,
                projects=[project.one.project],
                until=(moment + timedelta(days=FIRST_DAYS)).date(),
            ),
            moment,
            project.one.project,
        )
        for policy, moment in ((old, now if before else first), (draft, first))
    ]
    return preview(*standings, space=whole_space({project.recipient, *known}))


def make(
    folder: Folder,
    *,
    shared: Path,
    project: Project,
    constitution: Constitution,
    case: str,
    proposer: str,
    until: date,
    log: Path | None,
    since: date | None,
    now: datetime,
) -> Made:
    """The preview and the pack of a proposal.

    Raises:
        NotVerified: the published log in `log` does not hold.
    """
    facts = on_record(Vouched.read(shared), trust=project.trust, now=now)
    current = policy_in(shared)
    before = None if current is None or current.digest == folder.policy.digest else current
    seen = impact_of(folder.policy, before=before, facts=facts, project=project, now=now)
    told = explain_preview(seen, catalogue=facts.catalogue)
    text = "\n".join([PAPERWORK, *((NEW, *told[2:]) if before is None else told)]) + "\n"
    events = None if log is None else events_in(log, trust=project.trust, at=now)
    papers = Papers(
        project=project.trust.project,
        policy=folder.policy,
        before=before,
        case=parse_case(case, name=CASE_FILE),
        proposer=proposer,
        preview=seen,
        preview_digest=digest_of(text),
        facts=facts,
        constitution=constitution,
        made=now.date(),
        until=until,
        framework=framework_in(shared),
        since=None if events is None else since_of(events, day=since or date.min),
    )
    return Made(text, page(papers))


def circulate(name: str | None, *, hand: Hand, until: date, log: Path | None, since: date | None) -> str:
    """The draft was checked, the preview and the pack lie in its folder, and the papers are out: three signed acts.

    Raises:
        NotApproved: the partners have not agreed to the constitution or the framework.
        PolicyError, BadDocument: the draft has faults; nothing is signed.
        BadAct: an act would not count; nothing is written.
        OutOfOrder: the papers are out already.
    """
    now = clock.now()
    by, project = signer(hand, step=Step.CIRCULATE, now=now)
    folder, constitution = folder_of(hand.shared, name), constitution_in(hand.shared)
    before = folder.stands(project=project, constitution=constitution, now=now)
    if before.state is not State.DRAFT:
        raise OutOfOrder(f"the papers cannot go out: the proposal is {before.state}")
    if constitution.decides_by == "proposals":
        check_agreed(hand.shared, trust=project.trust, now=now)
    tests = checked(folder.policy, shared=hand.shared)
    made = make(
        folder,
        shared=hand.shared,
        project=project,
        constitution=constitution,
        case=case_of(folder, before),
        proposer=before.proposer,
        until=until,
        log=log,
        since=since,
        now=now,
    )
    shown = {"preview": digest_of(made.preview), "pack": digest_of(made.pack)}
    texts = {name: digest_of(read_text(hand.shared / VOUCHED[name])) for name in ("catalogue", "gateways")}
    notes: list[str] = []
    place = before.last.digest
    for step, details in (
        (Step.CHECK, texts | {"tests": str(tests)}),
        (Step.PREVIEW, {"preview": shown["preview"]}),
        (Step.CIRCULATE, shown | {"until": until.isoformat()}),
    ):
        note = sign_act(
            step, policy=folder.ref, project=project.trust.project, after=place, by=by, at=now, details=details
        )
        notes.append(note)
        place = text_digest_of(note)
    folder.stands(project=project, constitution=constitution, now=now, more=notes)
    write_whole(folder.path / PREVIEW_FILE, made.preview)
    write_whole(folder.path / PACK_FILE, made.pack)
    for step, note in zip((Step.CHECK, Step.PREVIEW, Step.CIRCULATE), notes, strict=True):
        write_whole(folder.path / note_file(step, by=by.name, note=note), note)
    return f"{folder.path.name}: {tests} tests pass; {PACK_FILE} and {PREVIEW_FILE} are in its folder; votes count up to and on {until}"


def draw_pack(
    name: str | None, *, shared: Path, until: date, log: Path | None, since: date | None, out: Path
) -> str:
    """The pack as it would go out now, in `out`, to be read before it does.

    Raises:
        As `make`.
    """
    now = clock.now()
    project, constitution, folder = read_project(shared), constitution_in(shared), folder_of(shared, name)
    stands = folder.stands(project=project, constitution=constitution, now=now)
    made = make(
        folder,
        shared=shared,
        project=project,
        constitution=constitution,
        case=case_of(folder, stands),
        proposer=stands.proposer,
        until=until,
        log=log,
        since=since,
        now=now,
    )
    write_whole(out, made.pack)
    return f"{out.name}: a draft of the pack; what members sign names the one that circulate makes"
