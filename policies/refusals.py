"""The rules that refuse whatever a clause permits: the vocabulary's own, the dates, the floors, the law, the prohibitions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Final, TypeAlias

from policies.bitmaps import Bits, members, union
from policies.case import Case
from policies.cohort_rules import cohort_rules
from policies.document import Prohibition
from policies.reasons import Reason, because
from policies.rule_index import RuleIndex, rule_index
from policies.terms import VERSION, AttributeClass, finer, is_word, phrase, term, understood

Check: TypeAlias = Callable[[Case], Iterable[Reason]]


def _never(case: Case) -> Iterator[Reason]:
    for kind, word in (("purpose", case.request.purpose), ("form", case.request.form)):
        if is_word(word, kind=f"never-{kind}"):
            says = term(word, kind=f"never-{kind}")
            yield because(f"never-allowed-{kind}", phrase=says.phrase, sentence=says.sentence)
    identifiers = frozenset(a.id for a in case.known if a.sensitivity is AttributeClass.C6)
    if identifiers:
        yield because("never-released-class", attributes=identifiers)


def _words(case: Case) -> Iterator[Reason]:
    request = case.request
    if not understood(case.policy.vocabulary):
        yield because("vocabulary-differs", theirs=case.policy.vocabulary, ours=VERSION)
    for kind, word in (
        ("purpose", request.purpose),
        ("form", request.form),
        ("role", request.role),
        ("area", request.area),
    ):
        if not is_word(word, kind=kind) and not is_word(word, kind=f"never-{kind}"):
            yield because("unknown-word", word=word, kind=kind, vocabulary=VERSION)


def _attributes(case: Case) -> Iterator[Reason]:
    table = case.facts.catalogue.attributes
    if not case.requested:
        yield because("nothing-asked")
    for name in sorted(case.unknown):
        yield because("unknown-attribute", attributes=frozenset({name}))
    for condition in case.request.conditions:
        attribute = table.get(condition.attribute)
        for value in condition.values if attribute and attribute.values else ():
            if attribute and value not in attribute.values:
                yield because("unknown-value", attributes=frozenset({attribute.id}), word=value)


def _asker(case: Case) -> Iterator[Reason]:
    if case.asker is None:
        yield because("unknown-requester")
        return
    if case.request.role not in case.asker.roles:
        yield because("role-not-held", phrase=phrase(case.request.role, kind="role"))
    if case.request.organisation != case.asker.organisation:
        yield because("organisation-differs")
    if "linkage-operator" in case.asker.roles:
        yield because("linker-may-not-ask")


def _dates(case: Case) -> Iterator[Reason]:
    if case.today < case.policy.effective:
        yield because("not-yet-effective", date=case.policy.effective.isoformat())
    if case.today > case.policy.expires:
        yield because("expired", date=case.policy.expires.isoformat())
    if case.request.asked_on > case.today:
        yield because("asked-in-the-future", date=case.request.asked_on.isoformat())
    if case.request.use_until < case.today:
        yield because("use-has-ended", date=case.request.use_until.isoformat())


def _floor(case: Case) -> Iterator[Reason]:
    asked, floor = case.request.area, case.policy.floors.finest_area
    if is_word(asked, kind="area") and finer(asked, than=floor):
        yield because("finer-than-floor", asked=phrase(asked, kind="area"), allowed=phrase(floor, kind="area"))


def _law(case: Case) -> Iterator[Reason]:
    """Each contributed attribute needs one gateway that carries it; if none does, the bars of the nearest one are said."""
    if (
        case.asker is None
        or is_word(case.request.purpose, kind="never-purpose")
        or is_word(case.request.form, kind="never-form")
    ):
        return  # refused already, for a reason that says more
    for attribute in case.contributed:
        about = frozenset({attribute.id})
        table = case.facts.gateways
        if not attribute.gateways:
            yield because("no-gateway", attributes=about)
        for name in attribute.gateways:
            if name not in table:
                yield because("gateway-unknown", attributes=about, gateway=name)
        for way in case.ways(attribute)[:1]:
            yield from way.carriage.bars


def _recordable(case: Case) -> Iterator[Reason]:
    """Nothing, once it is certain that the decision can be written into the record and made again from it."""
    _ = (case.request.digest, case.policy.digest, case.facts.digest)
    yield from ()


CHECKS: Final[tuple[tuple[str, Check], ...]] = (
    ("The list of what is never allowed", _never),
    ("The check of words", _words),
    ("The check of attributes", _attributes),
    ("The check of dates of events", cohort_rules),
    ("The check of who asks", _asker),
    ("The check of dates", _dates),
    ("The floors", _floor),
    ("The legal gateways", _law),
)

RECORDABLE: Final[tuple[str, Check]] = ("The record of what was decided on", _recordable)
"""Asked once for a decision: what is tried out as an alternative has nothing in it that the request has not."""


def prohibitions(case: Case) -> tuple[tuple[str, Check], ...]:
    """A named check for each prohibition of the document that may match; the index leaves out those that cannot."""
    rules = case.policy.prohibit
    try:
        chosen = [rules[place] for place in members(_matching(case, rule_index(case.policy)))]
    except Exception:  # noqa: BLE001 - something has another type than its own: every prohibition is asked
        chosen = list(rules)
    return tuple((f"Prohibition {rule.id}", partial(_prohibited, rule)) for rule in chosen)


def _matching(case: Case, index: RuleIndex) -> Bits:
    """The prohibitions that match, and those of which it cannot be told, because of an unknown area or an unknown attribute."""
    request = case.request
    scope = index.scope(request.purpose, role=request.role) & index.forming(request.form)
    scope &= index.reaching(request.area)
    if case.unknown:
        return scope
    untold = 0 if is_word(request.area, kind="area") else index.by_area
    return scope & (~index.about | untold | union(index.naming(attribute) for attribute in case.known))


def _prohibited(rule: Prohibition, case: Case) -> Iterator[Reason]:
    request = case.request
    said = ((rule.purposes, request.purpose), (rule.forms, request.form), (rule.roles, request.role))
    if any(words and word not in words for words, word in said):
        return
    if rule.areas_finer_than is not None and not finer(request.area, than=rule.areas_finer_than):
        return
    hit = matched_attributes(rule, case)
    if hit or not rule.about_attributes:
        yield because(
            "prohibited",
            clause=rule.id,
            attributes=hit,
            principles=tuple(sorted(rule.principles)),
            because=rule.because,
        )


def matched_attributes(rule: Prohibition, case: Case) -> frozenset[str]:
    """The attributes that a prohibition names, by class, flag and id together.

    Raises:
        KeyError: an attribute is not in the catalogue, so whether the prohibition names it cannot be told.
    """
    if not rule.about_attributes:
        return frozenset()
    table = case.facts.catalogue.attributes
    asked = [(name, table[name]) for name in sorted(case.everything)]
    return frozenset(
        name
        for name, attribute in asked
        if (not rule.attributes or name in rule.attributes)
        and (not rule.classes or attribute.sensitivity.name in rule.classes)
        and (not rule.flags or attribute.flags & rule.flags)
    )
