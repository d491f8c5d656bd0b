"""The facts of the public register and of the annual report, out of the verified log, the archive of documents and the dossier in force."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from ethics.events import Event
from ethics.framework import the_framework
from ethics.register import (
    ApprovedUse,
    PartnerStatement,
    PolicyVersion,
    Refused,
    RegisterFacts,
    Sent,
    YearFacts,
    protected,
)
from linkage.errors import BadInput
from policies.diff import diff
from policies.document import Clause, Policy
from policies.explain import explain_clause
from policies.terms import phrase
from policies.wording import begun
from service.desk.archive import policies_in
from service.public.sources import Sources
from service.public.words import REQUESTS, STEPS, counted_kinds, is_step, lay_reason


def register_facts(sources: Sources) -> RegisterFacts:
    """All that the register says."""
    return RegisterFacts(
        partnership=sources.partnership,
        contact=sources.contact,
        made=sources.now,
        framework=the_framework(),
        uses=tuple(
            _use(one, sources)
            for one in sources.verified.policy.clauses
            if one.id in sources.verified.facts.recommended
        ),
        releases=sources.releases,
        asked=protected(sum(e.kind == "request-made" for e in sources.events)),
        refusals=_by_reason(sources.events, kind="request-refused"),
        stopped=_by_reason(sources.events, kind="release-refused"),
        policies=tuple(_policies(sources)),
        partners=tuple(_partner(one, sources) for one in sorted(sources.catalogue.partners)),
        log=sources.log,
    )


def year_facts(sources: Sources, *, year: int) -> YearFacts:
    """All that the annual report of a year says.

    Raises:
        BadInput: the log has no entry of that year.
    """
    events = [e for e in sources.events if e.at.year == year]
    if not events:
        raise BadInput(f"the log has no entry of {year}: its entries are of {_years(sources.events)}")
    kinds = Counter(e.kind for e in events)
    counted = {
        title: {says: str(kinds[kind]) for kind, says in rows.items()}
        for title, rows in counted_kinds().items()
    }
    counted["Requests"] = {says: protected(kinds[kind]) for kind, says in REQUESTS.items()}
    return YearFacts(
        partnership=sources.partnership,
        contact=sources.contact,
        made=sources.now,
        year=year,
        counted=counted,
        releases=tuple(one for one in sources.releases if one.released.year == year),
        refusals=_by_reason(events, kind="request-refused"),
        stopped=_by_reason(events, kind="release-refused"),
        log=sources.log,
    )


def _years(events: Sequence[Event]) -> str:
    return ", ".join(map(str, sorted({e.at.year for e in events}))) or "no year"


def _use(clause: Clause, sources: Sources) -> ApprovedUse:
    policy, adoptions = sources.verified.policy, sources.verified.facts.adoptions
    partners = {p: clause.id in adoptions.get(p, frozenset()) for p in sorted(sources.catalogue.partners)}
    gateways = sources.verified.facts.gateways
    recommended = [
        e.at.date()
        for e in sources.events
        if e.kind == "policy-recommended" and e.details["policy_digest"] == policy.digest
    ]
    return ApprovedUse(
        id=clause.id,
        title=clause.title,
        says=explain_clause(clause)[1:],
        purposes=tuple(begun(phrase(one, kind="purpose")) for one in sorted(clause.permit.purposes)),
        basis=clause.basis,
        gateways=tuple(gateways[one].citation if one in gateways else one for one in sorted(clause.gateways)),
        adopted=tuple(sources.name_of(p) for p, adopted in partners.items() if adopted),
        waiting=tuple(sources.name_of(p) for p, adopted in partners.items() if not adopted),
        attributes=_by_class(clause, sources),
        approved=min(recommended, default=None),
        expires=min(policy.expires, clause.review or policy.expires),
        principles=tuple(begun(phrase(one, kind="principle")) for one in sorted(clause.principles)),
        outputs=tuple(one.id for one in sources.releases if clause.id in one.uses),
    )


def _by_class(clause: Clause, sources: Sources) -> dict[str, tuple[str, ...]]:
    """The attributes that the clause covers, by the title of their class, each with the partners who hold it; the law may still keep some of them back."""
    covers, found = clause.attributes, dict[str, dict[str, list[str]]]()
    for name, one in sorted(
        sources.catalogue.attributes.items(), key=lambda item: (item[1].sensitivity, item[0])
    ):
        here = (
            one.sensitivity.name in covers.classes
            and name not in covers.leave_out
            and (not covers.only or name in covers.only)
        )
        if here and one.flags <= covers.flags:
            title = f"{one.sensitivity.name}, {phrase(one.sensitivity.name, kind='class')}"
            found.setdefault(title, {}).setdefault(one.says, []).extend(
                sources.name_of(p) for p in sorted(sources.catalogue.contributors({name}))
            )
    return {
        title: tuple(f"{says} ({'; '.join(partners)})" for says, partners in names.items())
        for title, names in found.items()
    }


def _by_reason(events: Iterable[Event], *, kind: str) -> tuple[Refused, ...]:
    """A request counts once for each reason that it reads as."""
    reasons = Counter(
        reason
        for e in events
        if e.kind == kind
        for reason in {lay_reason(code) for code in str(e.details["reasons"]).split(",")}
    )
    return tuple(Refused(reason, protected(count)) for reason, count in sorted(reasons.items()))


def _policies(sources: Sources) -> Iterator[PolicyVersion]:
    """Every version that the log names or the archive holds, the newest first, each with what it changed."""
    texts = {} if sources.archive is None else policies_in(sources.archive)
    texts[sources.verified.policy.digest] = sources.verified.policy
    named = {
        str(e.details["policy_digest"]): (str(e.details["policy"]), int(e.details["version"]))
        for e in sources.events
        if is_step(e.kind)
    }
    named |= {digest: (one.policy, one.version) for digest, one in texts.items()}
    for digest, (policy, version) in sorted(named.items(), key=lambda item: (item[1], item[0]), reverse=True):
        text = texts.get(digest)
        yield PolicyVersion(
            title=text.title if text is not None else policy,
            policy=policy,
            version=version,
            digest=digest,
            steps=tuple(
                _step(e, sources)
                for e in sources.events
                if is_step(e.kind) and e.details["policy_digest"] == digest
            ),
            changes=tuple(_changes(text, texts=texts)),
        )


def _step(event: Event, sources: Sources) -> tuple[date, str]:
    told = {name: str(value).replace(",", ", ") for name, value in event.details.items()}
    if "partner" in told:
        told["partner"] = sources.name_of(told["partner"])
    return event.at.date(), STEPS.get(event.kind, event.says).format_map(told)


def _changes(new: Policy | None, *, texts: Mapping[str, Policy]) -> Iterator[str]:
    if new is None:
        yield "Nothing was ever decided by it, and its text is not in the archive."
    elif new.previous == "none":
        yield "It is the first version."
    elif new.previous not in texts:
        yield "The version before it is not in the archive, so that it cannot be said here."
    else:
        yield from (one.sentence for one in diff(texts[new.previous], new))


def _partner(partner: str, sources: Sources) -> PartnerStatement:
    name, adoptions = sources.name_of(partner), sources.verified.facts.adoptions.get(partner, frozenset())
    return PartnerStatement(
        id=partner,
        name=name,
        adopted=tuple(sorted(adoptions & sources.verified.facts.recommended)),
        sent=tuple(_sent(partner, sources.events)),
        releases=tuple(one for one in sources.releases if name in one.partners),
    )


def _sent(partner: str, events: Sequence[Event]) -> Iterator[Sent]:
    back = {
        e.details.get("manifest_digest"): e.at.date()
        for e in events
        if e.kind == "submission-withdrawn" and e.details["partner"] == partner
    }
    for event in events:
        if event.kind == "submission-received" and event.details["partner"] == partner:
            attributes = int(event.details.get("attributes", 0))
            yield Sent(event.at.date(), attributes, back.get(event.details["manifest_digest"]))
