"""What a permit opens: the spine and the columns that it names, by keys that the custodian hands out, and the people who were asked for in them."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from keys.sealing import open_body, read_header
from linkage.central.cohort import NO_RECORD, Cohort, Made, Selection, Where, Within
from linkage.central.current import current_attributes
from linkage.central.receive import read_manifests
from policies.catalogue import DERIVED
from policies.cohort import Condition, Window
from policies.disclosure import Restriction
from policies.forms import unfit
from service.custody.recipient import spine_context
from service.desk.shapes import SPINE_FILE, Desk, Going
from service.dossier import Verified
from service.errors import OutOfOrder


@dataclass(frozen=True, slots=True)
class Opened:
    """The spine as it was written, the opened columns of each partner, the order of each attribute's values, how attributes are made of others, and who is
    asked for; of a rate, among whom."""

    spine: bytes
    tables: Mapping[str, pa.Table]
    order: Mapping[str, Sequence[str]]
    made: Mapping[str, Made]
    population: tuple[Selection, ...]
    among: tuple[Selection, ...] = ()


def open_for(going: Going, *, desk: Desk) -> Opened:
    """Everything that the permit opens, and nothing else.

    Raises:
        OutOfOrder: a partner made no submission, or left a column out, or an attribute is derived without a rule, or the request does not say what its
            form is made of.
        CustodianRefused, CustodianUnavailable: a key stays shut.
        BadSubmission: a file is not what its manifest says.
    """
    known = going.found.facts.catalogue.attributes
    for why in unfit(going.request, catalogue=going.found.facts.catalogue):
        raise OutOfOrder(why)
    if unmade := [
        name
        for name in sorted(going.request.requested)
        if known[name].partner == DERIVED and not known[name].making
    ]:
        raise OutOfOrder(f"the catalogue does not say how {unmade[0]} is made (yes_when): nobody can count it")
    spine = _spine(going, desk)
    wanted: dict[str, list[str]] = {}
    for attribute in sorted(going.permit.opens):
        partner, _, name = attribute.partition(".")
        wanted.setdefault(partner, []).append(name)
    tables: dict[str, pa.Table] = {}
    manifests = read_manifests(
        desk.folder / "desk", trust=going.found.trust, one=desk.one, now=desk.clock(), received=_received(desk)
    )
    for manifest in manifests:
        if manifest.partner in wanted:
            if unsent := sorted(set(wanted[manifest.partner]) - set(manifest.attributes)):
                raise OutOfOrder(f"{manifest.partner} did not submit {', '.join(unsent)} in this round")
            tables[manifest.partner] = current_attributes(
                desk.folder / "desk",
                head=manifest,
                columns=wanted[manifest.partner],
                unwrap=lambda wrapped, key_id: desk.custodian.open_column(
                    going.order, key_id=key_id, wrapped=wrapped
                ),
            )
    if missing := sorted(set(wanted) - set(tables)):
        raise OutOfOrder(f"{', '.join(missing)} made no submission in this round")
    needed = [known[name] for name in sorted(going.found.facts.catalogue.closure(going.request.requested))]
    made = {one.id: Made(one.making.every, one.making.of) for one in needed if one.making is not None}
    order = {one.id: one.values for one in needed}
    population, among = (
        tuple(_selection(one) for one in conditions)
        for conditions in (going.request.population, going.request.among or ())
    )
    return Opened(spine, tables, order, made, population, among)


def restrictions_of(
    going: Going, *, cohort: Cohort, conditions: Sequence[Condition | Window]
) -> tuple[Restriction, ...]:
    """The conditions on who is counted, as the disclosure rules see them."""
    return tuple(_restriction(one, cohort, going.found) for one in conditions)


def _spine(going: Going, desk: Desk) -> bytes:
    source = io.BytesIO((desk.folder / SPINE_FILE).read_bytes())
    header = read_header(source)
    key = desk.custodian.open_spine(going.order, header=header)
    return open_body(source, header=header, key=key, context=spine_context(desk.one))


def _selection(one: Condition | Window) -> Selection:
    if isinstance(one, Window):
        return Within(one.attribute, one.op, one.of, one.days)
    return Where(one.attribute, one.op, one.values)


def _restriction(one: Condition | Window, cohort: Cohort, found: Verified) -> Restriction:
    if isinstance(one, Window):
        return Restriction(one.dimension, one.kept, one.pieces)
    listed = found.facts.catalogue.attributes[one.attribute].values
    every = (*(listed or dict.fromkeys((*cohort.seen.get(one.attribute, ()), *one.values))), NO_RECORD)
    kept = tuple(v for v in every if v != NO_RECORD and (v in one.values) != (one.op == "is-not"))
    return Restriction(one.attribute, kept, every)


def _received(desk: Desk) -> dict[str, datetime]:
    """When the desk took each submission in, by its own log: an officer whose role ends later has submitted it all the same."""
    received: dict[str, datetime] = {}
    for event in desk.state.log.events():
        if event.kind == "submission-received":
            received.setdefault(str(event.details["manifest_digest"]), event.at)
    return received
