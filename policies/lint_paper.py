"""Faults of paperwork: basis, review, assessments, limits, and whether a test looks at the clause."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from policies.document import Clause
from policies.faults import Fault, Setting
from policies.obligations import NEVER
from policies.terms import finer, phrase

LONGEST_WITHOUT_REVIEW: Final = timedelta(days=366)
COARSE_ENOUGH: Final = "local-partnership"
COARSE_CLASSES: Final = frozenset({"C3", "C4", "C5"})
SPECIAL: Final = frozenset({"C4", "C5"})
OFFENDERS: Final = frozenset({"suspect", "convicted"})


def paperwork(clause: Clause, setting: Setting) -> Iterator[Fault]:
    """What has to be written in a clause before a board can weigh it."""
    if not clause.basis.strip():
        message = "It states no legal basis, so it permits nothing."
        yield Fault(clause.id, "no-basis", message, "Add a line `basis:`.")
    else:
        yield from _articles(clause, setting)
    yield from _review(clause, setting)
    if not clause.requires.dpia_ref.strip():
        message = "It names no data protection impact assessment."
        yield Fault(clause.id, "no-impact-assessment", message, "Add `dpia-ref:` under `requires:`.")
    if not clause.requires.eqia_ref.strip():
        message = "It names no equality impact assessment."
        yield Fault(clause.id, "no-equality-assessment", message, "Add `eqia-ref:` under `requires:`.")
    permit = clause.permit
    if setting.policy.tests and not any(
        test.expect == "allow"
        and test.purpose in permit.purposes
        and test.form in permit.forms
        and test.role in permit.roles
        for test in setting.policy.tests
    ):
        message = "No test in the document asks for what it permits."
        yield Fault(clause.id, "untested", message, "Add a test that it has to allow.")


def _articles(clause: Clause, setting: Setting) -> Iterator[Fault]:
    """The articles of the UK GDPR that the basis has to name: 6 always, 9 for special categories, 10 for suspects and offenders."""
    covers = clause.attributes
    special = bool(covers.classes & SPECIAL) or "patient_information" in covers.flags
    offenders = any(attribute.subjects & OFFENDERS for attribute in setting.covered(clause))
    needed = {
        "Art. 6": (True, "no lawful basis"),
        "Art. 9": (special, "no condition for special categories of data"),
        "Art. 10": (offenders, "no word on records of suspects and offenders"),
    }
    for article, (wanted, lack) in needed.items():
        if wanted and article not in clause.basis:
            message = f"Its basis has {lack} of the UK GDPR ({article})."
            yield Fault(clause.id, "basis-incomplete", message, f"Add {article} to `basis:`.")


def _review(clause: Clause, setting: Setting) -> Iterator[Fault]:
    if clause.review is None:
        message = "It has no review date, so it permits nothing."
        yield Fault(clause.id, "no-review-date", message, "Add a line `review:`.")
    elif clause.review < setting.policy.effective:
        message = "It is due for review before the policy takes effect."
        yield Fault(clause.id, "unreachable", message, "Put `review` later.")
    elif clause.review > setting.policy.effective + LONGEST_WITHOUT_REVIEW:
        message = "It would go more than a year without review."
        yield Fault(clause.id, "review-too-late", message, "Put `review` earlier.")


def limits(clause: Clause, setting: Setting) -> Iterator[Fault]:
    """Limits laxer than the floors, and areas finer than what is covered bears."""
    mine, floors = clause.obligations, setting.policy.floors
    named = (
        ("suppress", mine.suppress or floors.suppress, floors.suppress),
        ("round", mine.round or floors.round, floors.round),
        ("k", mine.k_anonymity or floors.k_anonymity, floors.k_anonymity),
        ("l", mine.l_diversity or floors.l_diversity, floors.l_diversity),
        ("overlap", mine.overlap or floors.overlap, floors.overlap),
        ("exact-counts", mine.exact_counts or NEVER, floors.exact_counts or NEVER),
        ("use-within-days", -(mine.use_within_days or floors.use_within_days), -floors.use_within_days),
    )
    for name, value, floor in named:
        if value < floor:
            least = "" if floor == NEVER else f" of {abs(floor)}"
            message = f"Its `{name}` is {abs(value)}, laxer than the floor{least}."
            yield Fault(clause.id, "wider-than-floor", message, "Bring it to the floor, or leave it out.")
    area = clause.permit.finest_area
    if finer(area, than=floors.finest_area):
        message = f"It allows areas by {phrase(area, kind='area')}, finer than the floor."
        yield Fault(clause.id, "wider-than-floor", message, f"Use `{floors.finest_area}` or coarser.")
    if finer(area, than=COARSE_ENOUGH) and (classes := sorted(clause.attributes.classes & COARSE_CLASSES)):
        message = f"It shows class {', '.join(classes)} by {phrase(area, kind='area')}."
        fix = f"Use `{COARSE_ENOUGH}` or coarser, or leave the class out."
        yield Fault(clause.id, "area-too-fine-for-class", message, fix)
