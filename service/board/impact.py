"""What a new version of a policy changes, for a board before its vote: the differences of the text, the exact impact, past requests again."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

from ethics.adoptions import read_adoption
from ethics.approvals import read_vote
from ethics.board import Constitution
from ethics.documents import parse_document
from policies.canonical import plain
from policies.catalogue_document import load_catalogue
from policies.diff import diff
from policies.document import Policy
from policies.explain import explain_attribute, explain_gateway, vocabulary_in_words
from policies.explain_change import explain_diff, explain_preview, sentences
from policies.facts import Facts, Requester
from policies.gateways_document import load_gateways
from policies.load import load_policy
from policies.paperwork import with_paperwork
from policies.preview import preview
from policies.replay import Outcome, Past, explain_replay, replay
from policies.space import Standing, whole_space
from policies.terms import is_word
from service import clock
from service.desk.past_requests import past_requests
from service.dossier import POLICY_FILE, Dossier, said_of
from service.evidence import VOUCHED, on_record
from service.shared import Project, read_project, read_root
from service.texts import read_text

DIFF_FORMAT: Final = "linkage-policy-diff/v1"
IMPACT_FORMAT: Final = "linkage-impact/v1"
REPLAY_FORMAT: Final = "linkage-replay/v1"


def board_diff(old: Path, new: Path, *, as_json: bool) -> str:
    """Every difference between two versions, in sentences or as JSON."""
    first, second = (load_policy(read_text(path), name=path.name) for path in (old, new))
    found = diff(first, second)
    if as_json:
        rows = [{**_plain(one), "effect": one.effect.value} for one in found]
        return _json(DIFF_FORMAT, {**_both(first, second), "differences": rows})
    return "\n".join(explain_diff(found, new=second))


def board_preview(
    old: Path,
    new: Path,
    *,
    shared: Path,
    root: Path | None,
    assume_paperwork: bool,
    as_json: bool,
    at: str | None = None,
) -> str:
    """What the new version newly allows and refuses, exactly, in sentences or as JSON.

    The old version is looked at as it stands at that time, the new one at that time or on its first day, whichever is later.

    Raises:
        BadInput: a file is missing or not readable.
        BadSignature, NotTrusted, NotApproved, EthicsError: something on record is not signed as it must be.
        PolicyError: a document breaks its rules.
    """
    now = clock.named(at)
    record = _Record.read(shared, root=root, now=now)
    first, second = (load_policy(read_text(path), name=path.name) for path in (old, new))
    later = max(now, datetime.combine(second.effective, time(), UTC))
    standings = [
        record.standing(policy, now=moment, assume_paperwork=assume_paperwork)
        for policy, moment in ((first, now), (second, later))
    ]
    # An analyst of an organisation of no known kind gets nothing: no gateway reaches it.
    known = {one.kind for one in record.facts.requesters.values() if is_word(one.kind, kind="organisation")}
    kinds = {record.project.recipient, *known}
    seen = preview(*standings, space=whole_space(kinds))
    if not as_json:
        assumed = _assumed(standings[1], assume_paperwork=assume_paperwork)
        return "\n".join([*assumed, *explain_preview(seen, catalogue=record.facts.catalogue)])
    told = sentences(seen, catalogue=record.facts.catalogue)
    return _json(
        IMPACT_FORMAT,
        {"assumed_paperwork": assume_paperwork, "widens": seen.widens, **_with(_plain(seen), told)},
    )


def board_replay(
    new: Path,
    *,
    desk: Path | None,
    requests: Path | None,
    shared: Path,
    root: Path | None,
    as_json: bool,
    at: str | None = None,
) -> str:
    """Which past requests would have had another answer under the new version than under the one in the shared folder, and why.

    Raises:
        BadInput: the past requests are named twice or not at all, or a file is missing or not readable.
        BadSignature, NotTrusted, NotApproved: something on record is not signed as it must be.
        PolicyError: a document or a request breaks its rules.
    """
    record = _Record.read(shared, root=root, now=clock.named(at))
    draft = load_policy(read_text(new), name=new.name)
    current = load_policy(record.dossier.policy, name=POLICY_FILE)
    past = past_requests(desk=desk, folder=requests)
    found = replay(past, old=current, new=draft, facts=record.facts_for(past))
    if not as_json:
        return "\n".join(explain_replay(found))
    changed = [one for one in found if one.outcome is not Outcome.SAME]
    body = {**_both(current, draft), "requests": len(found), "same": len(found) - len(changed)}
    rows = [{**_plain(one), "outcome": one.outcome.value} for one in changed]
    return _json(REPLAY_FORMAT, {**body, "changed": rows})


def board_words(shared: Path | None) -> str:
    """Every word of the vocabulary with its meaning; with a project's shared folder, its legal gateways and attributes too."""
    lines = [*vocabulary_in_words()]
    if shared is not None:
        gateways = load_gateways(read_text(shared / VOUCHED["gateways"]), name=VOUCHED["gateways"])
        catalogue = load_catalogue(read_text(shared / VOUCHED["catalogue"]), name=VOUCHED["catalogue"])
        lines += ["", "The laws that open a way:", *(f"- {explain_gateway(row)}" for row in gateways.values())]
        told = (explain_attribute(name, catalogue=catalogue) for name in catalogue.attributes)
        lines += ["", "What partners offer:", *(f"- {one}" for one in told)]
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class _Record:
    """What a project has on record, whichever version of the policy it is about."""

    project: Project
    dossier: Dossier
    facts: Facts
    now: datetime

    @classmethod
    def read(cls, shared: Path, *, root: Path | None, now: datetime) -> "_Record":
        project = read_project(shared, root=None if root is None else read_root(root))
        dossier = Dossier.read(shared)
        return cls(project, dossier, on_record(dossier.vouched, trust=project.trust, now=now), now)

    def standing(self, policy: Policy, *, now: datetime, assume_paperwork: bool) -> Standing:
        """The document at that moment, with what is on record about it, or with all its paperwork taken as done."""
        name = self.project.one.project
        if assume_paperwork:
            until = (now + timedelta(days=1)).date()
            return Standing(
                policy, with_paperwork(self.facts, policy=policy, projects=[name], until=until), now, name
            )
        return Standing(policy, replace(self.facts, **self._adopted(policy)), now, name)

    def _adopted(self, policy: Policy) -> Mapping[str, Any]:
        """What board and controllers have said of exactly this text. Notes about another text say nothing of it."""
        trust, constitution = (
            self.project.trust,
            parse_document(self.dossier.constitution, model=Constitution, name=VOUCHED["constitution"]),
        )
        votes = [
            note
            for note in self.dossier.votes
            if read_vote(note, constitution=constitution, trust=trust).policy.digest == policy.digest
        ]
        adoptions = [
            note
            for note in self.dossier.adoptions
            if read_adoption(note, trust=trust).policy.digest == policy.digest
        ]
        about_this = replace(self.dossier, votes=tuple(votes), adoptions=tuple(adoptions))
        said = said_of(about_this, policy=policy, constitution=constitution, trust=trust, now=self.now)
        return {"recommended": said.recommended, "adoptions": said.adoptions}

    def facts_for(self, past: tuple[Past, ...]) -> Facts:
        """The facts with everybody who asked: whoever has left counts as still there, in the role in which they asked."""
        kinds = {one.organisation: one.kind for one in self.facts.requesters.values()}
        left = {
            one.request.requester: Requester(
                frozenset({one.request.role}),
                one.request.organisation,
                kinds.get(one.request.organisation, self.project.recipient),
            )
            for one in past
        }
        return replace(self.facts, requesters={**left, **self.facts.requesters})


def _assumed(new: Standing, *, assume_paperwork: bool) -> list[str]:
    if assume_paperwork:
        return [
            "For both versions it is assumed that the board recommends every clause, that every partner adopts it, and that every assessment and all evidence is in order.",
            "What differs below therefore comes from the text alone.",
        ]
    if not new.facts.recommended:
        return [
            f"The board has not recommended version {new.policy.version}, so for now it permits nothing.",
            "To see what it would permit once its paperwork is done, ask again with --assume-paperwork.",
        ]
    return []


def _both(old: Policy, new: Policy) -> dict[str, Any]:
    return {
        name: {"policy": one.policy, "version": one.version, "digest": one.digest}
        for name, one in (("old", old), ("new", new))
    }


def _plain(value: object) -> dict[str, Any]:
    found = plain(value)
    return found if isinstance(found, dict) else {}


def _with(seen: dict[str, Any], told: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """The preview with each change's sentence beside it."""
    lists = {
        name: [{**row, "sentence": sentence} for row, sentence in zip(seen[name], said, strict=True)]
        for name, said in told.items()
    }
    return {**seen, **lists}


def _json(kind: str, body: Mapping[str, Any]) -> str:
    return json.dumps({"format": kind, **body}, indent=1, ensure_ascii=False)
