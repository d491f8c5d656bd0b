"""What a document permits at each point of the space: for each clause in force one largest set of attributes. Why that is enough: `policies.space`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from policies.catalogue import DERIVED, Attribute, partner_of
from policies.dates import day_of
from policies.document import Clause, Prohibition
from policies.facts import Facts
from policies.gateways import Crossing, Stage, carries
from policies.obligations import Obligations, duties_alone
from policies.space import Grant, Standing
from policies.terms import FORM_DUTIES, AttributeClass, finer

MAY_NOT_ASK: Final = frozenset({"linkage-operator"})


@dataclass(frozen=True, slots=True)
class _Open:
    """A clause that is in force: what it covers of each attribute, whatever is asked for."""

    clause: Clause
    covers: int
    days: int
    obligations: Obligations


@dataclass(frozen=True, slots=True)
class Reach:
    """What a document permits, at any point. `attributes` gives the bit of each attribute, `dates` the bits of those that are dates."""

    standing: Standing
    attributes: tuple[str, ...]
    dates: int
    _open: tuple[_Open, ...]
    _closures: tuple[tuple[int, int], ...]
    _made: int
    _barred: tuple[tuple[Prohibition, int], ...]
    _carried: dict[tuple[str, str, str, str], int] = field(default_factory=dict)
    _asked: dict[int, int] = field(default_factory=dict)

    @property
    def days(self) -> frozenset[int]:
        """The longest times of use that its clauses allow."""
        return frozenset(one.days for one in self._open)

    @property
    def clauses(self) -> tuple[Clause, ...]:
        """The clauses that are in force."""
        return tuple(one.clause for one in self._open)

    def grants(self, purpose: str, form: str, role: str, area: str, kind: str) -> tuple[Grant, ...]:
        """What each clause permits there, one by one; clauses that permit nothing are left out."""
        policy = self.standing.policy
        if role in MAY_NOT_ASK or finer(area, than=policy.floors.finest_area):
            return ()
        hit = self._hit(purpose, form, role, area)
        if hit is None:
            return ()
        found = []
        for one in self._open:
            permit = one.clause.permit
            if purpose not in permit.purposes or form not in permit.forms or role not in permit.roles:
                continue
            if finer(area, than=permit.finest_area):
                continue
            most = self._within(
                one.covers & ~hit & (self._made | self._crossing(one.clause, purpose, form, kind))
            )
            if most:
                duties = duties_alone(FORM_DUTIES[form], use_within_days=one.days)
                found.append(Grant(one.clause.id, most, one.days, duties.strictest(one.obligations)))
        return tuple(found)

    def _hit(self, purpose: str, form: str, role: str, area: str) -> int | None:
        """The attributes that are prohibited there; None if everything is."""
        hit = 0
        for rule, about in self._barred:
            said = ((rule.purposes, purpose), (rule.forms, form), (rule.roles, role))
            if any(named and word not in named for named, word in said):
                continue
            if rule.areas_finer_than is not None and not finer(area, than=rule.areas_finer_than):
                continue
            if not rule.about_attributes:
                return None
            hit |= about
        return hit

    def _crossing(self, clause: Clause, purpose: str, form: str, kind: str) -> int:
        found = 0
        for name in clause.gateways:
            key = (name, purpose, form, kind)
            if key not in self._carried:
                self._carried[key] = self._carry(*key)
            found |= self._carried[key]
        return found

    def _carry(self, name: str, purpose: str, form: str, kind: str) -> int:
        """The attributes that a gateway carries to the asker when a result is released."""
        facts, now = self.standing.facts, self.standing.now
        gateway = facts.gateways.get(name)
        if gateway is None or form not in gateway.forms or purpose not in gateway.purposes:
            return 0
        found = 0
        for bit, attribute in enumerate(self.attributes):
            row = facts.catalogue.attributes.get(attribute)
            if row is None or name not in row.gateways or partner_of(attribute) == DERIVED:
                continue
            crossing = Crossing(purpose, facts.catalogue.partners[row.partner].kind, kind, Stage.RELEASE, form)
            records = {
                "partner": facts.evidence.get(row.partner, {}),
                "project": facts.evidence.get(self.standing.project, {}),
            }
            if carries(gateway, attribute=row, crossing=crossing, evidence=records, now=now).carried:
                found |= 1 << bit
        return found

    def _within(self, right: int) -> int:
        """The attributes that may be asked for when these are in order: those whose whole closure is among them."""
        if right not in self._asked:
            whole = sum(bit for bit, closure in self._closures if closure & right == closure)
            dates = whole & self.dates
            self._asked[right] = whole if dates.bit_count() != 1 else whole & ~dates
        return self._asked[right]


def reach(standing: Standing, *, attributes: tuple[str, ...]) -> Reach:
    """What the document permits.

    Raises:
        NotCanonical: document or facts cannot be written into a record, so the engine would refuse everything.
    """
    _ = (standing.policy.digest, standing.facts.digest)
    facts, policy = standing.facts, standing.policy
    table, bits = facts.catalogue.attributes, {name: 1 << n for n, name in enumerate(attributes)}
    known = [table[name] for name in attributes if name in table]
    sound = [row for row in known if _sound(row, facts)]
    opened = [
        clause for clause in dict.fromkeys(policy.clauses) if standing.in_force and _stands(clause, standing)
    ]
    floors = policy.floors.obligations()
    return Reach(
        standing=standing,
        attributes=attributes,
        _open=tuple(
            _Open(
                clause,
                sum(bits[row.id] for row in sound if _covers(clause, row, facts)),
                (mine := clause.obligations.on_top_of(floors)).use_within_days,
                mine,
            )
            for clause in opened
        ),
        _closures=tuple(
            (bits[row.id], sum(bits[name] for name in facts.catalogue.closure({row.id}))) for row in known
        ),
        _made=sum(bits[row.id] for row in known if partner_of(row.id) == DERIVED),
        dates=sum(bits[row.id] for row in known if row.dated),
        _barred=tuple(
            (rule, sum(bits[row.id] for row in known if _named(rule, row)))
            for rule in dict.fromkeys(policy.prohibit)
        ),
    )


def _sound(row: Attribute, facts: Facts) -> bool:
    """Whether no rule refuses the attribute whoever asks: it is no identifier, and all of its gateways are in the table."""
    if row.sensitivity is AttributeClass.C6:
        return False
    return partner_of(row.id) == DERIVED or (bool(row.gateways) and facts.gateways.keys() >= set(row.gateways))


def _stands(clause: Clause, standing: Standing) -> bool:
    today, current_until = day_of(standing.now), standing.facts.dpia.get(clause.id)
    return (
        clause.id in standing.facts.recommended
        and bool(clause.basis)
        and clause.review is not None
        and clause.review >= today
        and current_until is not None
        and current_until >= today
    )


def _covers(clause: Clause, row: Attribute, facts: Facts) -> bool:
    covers = clause.attributes
    adopted = facts.adoptions.get(row.partner, frozenset())
    return (
        row.sensitivity.name in covers.classes
        and row.id not in covers.leave_out
        and (not covers.only or row.id in covers.only)
        and row.flags <= covers.flags
        and (partner_of(row.id) == DERIVED or clause.id in adopted)
    )


def _named(rule: Prohibition, row: Attribute) -> bool:
    return (
        rule.about_attributes
        and (not rule.attributes or row.id in rule.attributes)
        and (not rule.classes or row.sensitivity.name in rule.classes)
        and (not rule.flags or bool(row.flags & rule.flags))
    )
