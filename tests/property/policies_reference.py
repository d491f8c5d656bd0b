"""The engine written down as plainly as it can be: one rule after another, one clause after another, nothing kept.

The engine in `policies` answers from indexes; here every question is asked of every clause again. Property tests hold the two to the
same decisions, reasons and alternatives, and `benchmarks/decide.py` measures them side by side. Of the engine this file shares the
types, the words, the rules about windows of time, and how a change reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce

from policies.alternative import changes_between, words_for
from policies.case import Case
from policies.catalogue import DERIVED
from policies.cohort_rules import cohort_rules
from policies.dates import day_of
from policies.decision import Alternative, Decision, NearMiss
from policies.gateways import Stage
from policies.obligations import Obligations
from policies.reasons import Reason
from policies.terms import FORM_DUTIES, VERSION, AttributeClass, finer, is_word, phrase, term, words

ROUNDS = 8
FORMS = sorted(words("form"), key=lambda form: form != "aggregate-table")


@dataclass(frozen=True)
class Question:
    """What every rule is given."""

    request: object
    policy: object
    facts: object
    now: object

    @property
    def today(self):
        return day_of(self.now)

    @property
    def asker(self):
        return self.facts.requesters.get(self.request.requester)

    def everything(self):
        return self.facts.catalogue.closure(self.request.requested)

    def known(self):
        table = self.facts.catalogue.attributes
        return [table[name] for name in sorted(self.everything()) if name in table]

    def contributed(self):
        return [one for one in self.known() if one.partner != DERIVED]


@dataclass(frozen=True)
class Found:
    """Refusals, rules that could not be evaluated, and for each clause what it lacks and the dates that limit it."""

    refusals: tuple
    errors: tuple
    clauses: tuple

    @property
    def allowed(self):
        return not self.refusals and not self.errors and any(not lacks for _, lacks, _ in self.clauses)


def decide(request, policy, *, facts, now):
    """The decision, and for a yes what the permit has to say: the attributes it opens, and its last day."""
    question = Question(request, policy, facts, now)
    found = judge(question)
    digests = {
        "request": digest_of(lambda: request.digest),
        "policy": digest_of(lambda: policy.digest),
        "facts": digest_of(lambda: facts.digest),
    }
    if found.allowed:
        return yes(question, found, digests)
    near = [NearMiss(clause.id, clause.title, lacks) for clause, lacks, _ in nearest(question, found)[:3]]
    decision = Decision(
        allowed=False,
        **digests,
        vocabulary=VERSION,
        decided_at=now,
        reasons=reasons(question, found),
        errors=found.errors,
        nearest=tuple(near),
        alternative=None if found.errors else alternative(question, found),
        searched=not found.errors,
    )
    return decision, None


def yes(question, found, digests):
    request, policy = question.request, question.policy
    permitting = [(clause, limits) for clause, lacks, limits in found.clauses if not lacks]
    floors = policy.floors.obligations()
    duties = Obligations(0, 0, 0, 0, 0, policy.floors.use_within_days, FORM_DUTIES[request.form], exact_from=0)
    each = [clause.obligations.on_top_of(floors) for clause, _ in permitting]
    obligations = reduce(Obligations.strictest, each, duties)
    decision = Decision(
        allowed=True,
        **digests,
        vocabulary=VERSION,
        decided_at=question.now,
        clauses=tuple(clause.id for clause, _ in permitting),
        principles=tuple(sorted(frozenset().union(*(clause.principles for clause, _ in permitting)))),
        obligations=obligations,
    )
    longest = request.asked_on + timedelta(days=obligations.use_within_days)
    ends = [request.use_until, policy.expires, longest, *(day for _, limits in permitting for day in limits)]
    return decision, (frozenset(one.id for one in question.contributed()), min(ends))


def judge(question):
    try:
        return examine_all(question)
    except Exception:  # noqa: BLE001 - whatever went wrong, the rule was not evaluated
        return Found((), (failed("The request as a whole"),), ())


def examine_all(question):
    refusals, errors = [], []
    prohibitions = [(f"Prohibition {rule.id}", prohibited(rule)) for rule in question.policy.prohibit]
    for name, check in (*CHECKS, *prohibitions):
        try:
            refusals += list(check(question))
        except Exception:  # noqa: BLE001 - whatever went wrong, the rule was not evaluated
            errors.append(failed(name))
    clauses = []
    for clause in dict.fromkeys(question.policy.clauses):
        try:
            clauses.append((clause, *examine(clause, question)))
        except Exception:  # noqa: BLE001 - whatever went wrong, the rule was not evaluated
            errors.append(failed(f"Clause {clause.id}"))
    clauses.sort(key=lambda row: row[0].id)
    return Found(grouped(refusals), grouped(errors), tuple(clauses))


def failed(rule):
    return reason("evaluation-error", rule=rule)


def digest_of(value):
    try:
        return value()
    except Exception:  # noqa: BLE001 - whatever went wrong, the rule was not evaluated
        return "unknown"


def reason(code, *, clause="", principles=(), about=(), **details):
    return Reason(code, tuple(sorted(details.items())), clause, tuple(sorted(principles)), tuple(sorted(about)))


def grouped(found):
    groups = {}
    for one in found:
        groups.setdefault((one.code, one.clause, one.details), []).append(one)
    return tuple(
        Reason(
            code,
            details,
            clause,
            tuple(sorted({name for one in same for name in one.principles})),
            tuple(sorted({name for one in same for name in one.attributes})),
        )
        for (code, clause, details), same in sorted(groups.items())
    )


def never(question):
    for kind, word in (("purpose", question.request.purpose), ("form", question.request.form)):
        if is_word(word, kind=f"never-{kind}"):
            says = term(word, kind=f"never-{kind}")
            yield reason(f"never-allowed-{kind}", phrase=says.phrase, sentence=says.sentence)
    identifiers = [one.id for one in question.known() if one.sensitivity is AttributeClass.C6]
    if identifiers:
        yield reason("never-released-class", about=identifiers)


def vocabulary(question):
    request = question.request
    if question.policy.vocabulary not in ("vpp-vocab@2", VERSION):
        yield reason("vocabulary-differs", theirs=question.policy.vocabulary, ours=VERSION)
    for kind in ("purpose", "form", "role", "area"):
        word = getattr(request, kind)
        if not is_word(word, kind=kind) and not is_word(word, kind=f"never-{kind}"):
            yield reason("unknown-word", word=word, kind=kind, vocabulary=VERSION)


def attributes(question):
    table = question.facts.catalogue.attributes
    if not question.request.requested:
        yield reason("nothing-asked")
    for name in question.everything() - table.keys():
        yield reason("unknown-attribute", about=[name])
    for condition in question.request.conditions:
        attribute = table.get(condition.attribute)
        for value in condition.values if attribute and attribute.values else ():
            if value not in attribute.values:
                yield reason("unknown-value", about=[attribute.id], word=value)


def windows(question):
    return cohort_rules(Case(question.request, question.policy, question.facts, question.now))


def asker(question):
    if question.asker is None:
        yield reason("unknown-requester")
        return
    if question.request.role not in question.asker.roles:
        yield reason("role-not-held", phrase=phrase(question.request.role, kind="role"))
    if question.request.organisation != question.asker.organisation:
        yield reason("organisation-differs")
    if "linkage-operator" in question.asker.roles:
        yield reason("linker-may-not-ask")


def dates(question):
    if question.today < question.policy.effective:
        yield reason("not-yet-effective", date=question.policy.effective.isoformat())
    if question.today > question.policy.expires:
        yield reason("expired", date=question.policy.expires.isoformat())
    if question.request.asked_on > question.today:
        yield reason("asked-in-the-future", date=question.request.asked_on.isoformat())
    if question.request.use_until < question.today:
        yield reason("use-has-ended", date=question.request.use_until.isoformat())


def floor(question):
    asked, finest = question.request.area, question.policy.floors.finest_area
    if is_word(asked, kind="area") and finer(asked, than=finest):
        yield reason("finer-than-floor", asked=phrase(asked, kind="area"), allowed=phrase(finest, kind="area"))


def law(question):
    request, table = question.request, question.facts.gateways
    never_purpose = is_word(request.purpose, kind="never-purpose")
    if question.asker is None or never_purpose or is_word(request.form, kind="never-form"):
        return
    for one in question.contributed():
        if not one.gateways:
            yield reason("no-gateway", about=[one.id])
        for name in one.gateways:
            if name not in table:
                yield reason("gateway-unknown", about=[one.id], gateway=name)
        known = [bars(question, one, table[name])[0] for name in one.gateways if name in table]
        if known:
            yield from min(known, key=distance)


def recordable(question):
    _ = (question.request.digest, question.policy.digest, question.facts.digest)
    return ()


CHECKS = (
    ("The list of what is never allowed", never),
    ("The check of words", vocabulary),
    ("The check of attributes", attributes),
    ("The check of dates of events", windows),
    ("The check of who asks", asker),
    ("The check of dates", dates),
    ("The floors", floor),
    ("The legal gateways", law),
    ("The record of what was decided on", recordable),
)


def prohibited(rule):
    def check(question):
        request = question.request
        said = ((rule.purposes, request.purpose), (rule.forms, request.form), (rule.roles, request.role))
        if any(named and word not in named for named, word in said):
            return
        if rule.areas_finer_than is not None and not finer(request.area, than=rule.areas_finer_than):
            return
        table = question.facts.catalogue.attributes
        asked = [table[name] for name in question.everything()] if rule.about_attributes else []
        hit = [
            one.id
            for one in asked
            if (not rule.attributes or one.id in rule.attributes)
            and (not rule.classes or one.sensitivity.name in rule.classes)
            and (not rule.flags or one.flags & rule.flags)
        ]
        if hit or not rule.about_attributes:
            yield reason(
                "prohibited", clause=rule.id, principles=rule.principles, about=hit, because=rule.because
            )

    return check


def examine(clause, question):
    """What the clause lacks, and the last days on which a yes from it holds."""
    lacks = [
        reason(code, clause=clause.id, principles=clause.principles, about=about, **details)
        for code, about, details in lacking(clause, question)
    ]
    limits = [clause.review, question.facts.dpia.get(clause.id), last_day_of_use(clause, question)]
    for one in question.contributed():
        table = question.facts.gateways
        accepted = [table[name] for name in one.gateways if name in clause.gateways and name in table]
        answers = [bars(question, one, gateway) for gateway in accepted]
        carried = [until for barred, until in answers if not barred]
        if answers and not carried:
            found = min((barred for barred, _ in answers), key=distance)
            lacks += [Reason(bar.code, bar.details, clause.id, (), bar.attributes) for bar in found]
        elif carried and None not in carried:
            limits.append(max(carried))
    return grouped(lacks), [limit for limit in limits if limit is not None]


def lacking(clause, question):
    request, permit, covers, facts = question.request, clause.permit, clause.attributes, question.facts
    if request.purpose not in permit.purposes:
        yield "purpose-not-covered", (), {"phrase": phrase(request.purpose, kind="purpose")}
    if request.form not in permit.forms:
        allowed = ", ".join(phrase(form, kind="form") for form in words("form") if form in permit.forms)
        yield "form-not-covered", (), {"phrase": phrase(request.form, kind="form"), "allowed": allowed}
    if request.role not in permit.roles:
        yield "role-not-covered", (), {"phrase": phrase(request.role, kind="role")}
    if not is_word(request.area, kind="area") or finer(request.area, than=permit.finest_area):
        asked, allowed = phrase(request.area, kind="area"), phrase(permit.finest_area, kind="area")
        yield "area-too-fine", (), {"asked": asked, "allowed": allowed}
    for one in question.known():
        if one.sensitivity.name not in covers.classes:
            yield "class-not-covered", [one.id], {"word": one.sensitivity.name}
        if one.id in covers.leave_out or (covers.only and one.id not in covers.only):
            yield "attribute-excepted", [one.id], {}
        for flag in one.flags - covers.flags:
            yield "flag-not-covered", [one.id], {"phrase": phrase(flag, kind="flag")}
    if clause.id not in facts.recommended:
        yield "not-recommended", (), {}
    for one in question.contributed():
        if clause.id not in facts.adoptions.get(one.partner, frozenset()):
            yield "not-adopted", [one.id], {"partner": facts.catalogue.partners[one.partner].name}
        if not any(name in clause.gateways and name in facts.gateways for name in one.gateways):
            yield "gateway-not-accepted", [one.id], {"gateway": " or ".join(one.gateways) or "(none)"}
    yield from standing(clause, question)
    latest = last_day_of_use(clause, question)
    if request.use_until > latest:
        yield "use-too-long", (), {"date": latest.isoformat()}


def standing(clause, question):
    current_until = question.facts.dpia.get(clause.id)
    if not clause.basis:
        yield "no-basis", (), {}
    if clause.review is None:
        yield "no-review-date", (), {}
    elif clause.review < question.today:
        yield "review-passed", (), {"date": clause.review.isoformat()}
    if current_until is None:
        yield "dpia-missing", (), {}
    elif current_until < question.today:
        yield "dpia-lapsed", (), {"date": current_until.isoformat()}


def last_day_of_use(clause, question):
    days = clause.obligations.on_top_of(question.policy.floors.obligations()).use_within_days
    return question.request.asked_on + timedelta(days=days)


def distance(barred):
    return sum(1 if bar.code.startswith("evidence") else 10 for bar in barred)


def bars(question, attribute, gateway):
    """What is in the way of an attribute by a gateway at release, and the last day on which the answer holds."""
    request, facts, today = question.request, question.facts, question.today
    partner = facts.catalogue.partners[attribute.partner]
    kind = question.asker.kind if question.asker else ""
    records = {
        "partner": facts.evidence.get(partner.id, {}),
        "project": facts.evidence.get(request.project, {}),
    }
    found, ends = [], [gateway.until] if gateway.until else []

    def bar(code, **details):
        found.append(reason(code, about=[attribute.id], gateway=gateway.id, **details))

    if not gateway.enabled:
        bar("gateway-disabled")
    if today < gateway.effective or (gateway.until is not None and today > gateway.until):
        bar("gateway-not-in-force", date=today.isoformat())
    for code, of, word, accepted in (
        ("gateway-purpose", "purpose", request.purpose, gateway.purposes),
        ("gateway-source", "organisation", partner.kind, gateway.sources),
        ("gateway-recipient", "organisation", kind, gateway.recipients),
        ("gateway-form", "form", request.form, gateway.forms),
    ):
        if word not in accepted:
            bar(code, phrase=phrase(word, kind=of))
    if attribute.sensitivity > gateway.max_class:
        bar("gateway-class", word=gateway.max_class.name)
    for flag in attribute.flags & gateway.bars:
        bar("gateway-bars", phrase=phrase(flag, kind="flag"))
    for subject in attribute.subjects - gateway.subjects:
        bar("gateway-subject", phrase=phrase(subject, kind="subject"))
    for need in gateway.needs:
        about = (not need.recipients or kind in need.recipients) and (
            not need.subjects or attribute.subjects & need.subjects
        )
        if Stage.RELEASE in need.stages and about:
            last = serves_until(need, records[need.of].get(need.name), today)
            if last is None:
                bar("evidence-missing", word=need.name)
            elif last < today:
                bar("evidence-lapsed", word=need.name, date=last.isoformat())
            else:
                ends.append(last)
    return found, min(ends, default=None)


def serves_until(need, found, today):
    if need.kind == "reference":
        return date.max if isinstance(found, str) and found.strip() else None
    if isinstance(found, str):
        try:
            found = date.fromisoformat(found)
        except ValueError:
            return None
    if found is None or need.kind == "valid-until":
        return found
    return found + timedelta(days=need.days) if found <= today else None


def nearest(question, found):
    wrong = [row for row in found.clauses if row[1]]
    purpose = question.request.purpose
    return sorted(wrong, key=lambda row: (purpose not in row[0].permit.purposes, len(row[1]), row[0].id))


def reasons(question, found):
    said = [*found.errors, *found.refusals]
    if all(lacks for _, lacks, _ in found.clauses):
        request = question.request
        named = {
            "purpose": phrase(request.purpose, kind="purpose"),
            "form": phrase(request.form, kind="form"),
        }
        said.append(reason("no-clause", **named))
        for clause, lacks, _ in nearest(question, found)[:1]:
            if request.purpose in clause.permit.purposes:
                heard = {(one.code, one.details, one.attributes) for one in said}
                said += [one for one in lacks if (one.code, one.details, one.attributes) not in heard]
    return tuple(said)


def alternative(question, found):
    """The allowed request with the fewest attributes lost, then the fewest changes, then of the first clause and form."""
    request, offers = question.request, {}
    for clause, _, _ in found.clauses:
        if request.purpose not in clause.permit.purposes or request.role not in clause.permit.roles:
            continue
        others = [form for form in FORMS if form in clause.permit.forms and form != request.form]
        for form in [request.form, *others]:
            mended = mend(question, request.model_copy(update={"form": form}), clause)
            verdict = judge(ask(question, mended)) if mended is not None else None
            if verdict and verdict.allowed:
                changes = changes_between(request, mended)
                permitting = tuple(one.id for one, lacks, _ in verdict.clauses if not lacks)
                words_of = tuple(words_for(change) for change in changes)
                offers.setdefault(changes, Alternative(permitting, changes, words_of))
    return min(offers.values(), key=cost, default=None)


def cost(offer):
    lost = sum(len(change.old) for change in offer.changes if change.field == "attributes")
    return lost, len(offer.changes)


def ask(question, request, policy=None):
    return Question(request, policy or question.policy, question.facts, question.now)


def mend(question, request, clause):
    """The request with whatever this clause alone lacks taken away, until it is allowed or nothing more can be mended."""
    alone = question.policy.model_copy(update={"clauses": (clause,)})
    for _ in range(ROUNDS):
        found = judge(ask(question, request, alone))
        if found.allowed:
            return request
        faults = [*found.refusals, *(lack for _, lacks, _ in found.clauses for lack in lacks)]
        changed = without(faults, request, clause, question)
        if changed == request or not changed.attributes:
            return None
        request = changed
    return None


def without(faults, request, clause, question):
    drop = {name for fault in faults for name in fault.attributes}
    closure = question.facts.catalogue.closure
    request = request.without({name for name in request.requested if closure({name}) & drop})
    if {fault.code for fault in faults} & {"finer-than-floor", "area-too-fine"}:
        areas = (question.policy.floors.finest_area, clause.permit.finest_area)
        request = request.model_copy(update={"area": min(areas, key=words("area").index)})
    latest = [dict(fault.details)["date"] for fault in faults if fault.code == "use-too-long"]
    if latest:
        request = request.model_copy(update={"use_until": date.fromisoformat(min(latest))})
    return request
