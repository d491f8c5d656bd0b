"""The prohibitions of a document turned on their side, as `policies.index` does it with the clauses."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from functools import lru_cache
from typing import Generic, TypeVar, cast

from policies.bitmaps import Bits, by_value, union
from policies.catalogue import Attribute
from policies.document import Policy, Prohibition
from policies.index import KEPT, Same, are_words, class_set, flags_of
from policies.terms import AREAS, finer

Word = TypeVar("Word", bound=Hashable)


class RuleIndex:
    """The prohibitions of a document in its order, and which of them match what."""

    def __init__(self, policy: Policy) -> None:
        """Raises `TypeError`: a prohibition has a part of another type than its own."""
        if type(policy.prohibit) is not tuple:
            raise TypeError("the prohibitions are not a list that stays as it is")
        rows = [(place, _plain_rule(rule)) for place, rule in enumerate(policy.prohibit)]
        self.everyone: Bits = (1 << len(rows)) - 1
        self._purposes = _Dimension((place, rule.purposes) for place, rule in rows)
        self._forms = _Dimension((place, rule.forms) for place, rule in rows)
        self._roles = _Dimension((place, rule.roles) for place, rule in rows)
        self._classes = _Dimension((place, class_set(rule.classes)) for place, rule in rows)
        self._flags = _Dimension((place, rule.flags) for place, rule in rows)
        self._attributes = _Dimension((place, rule.attributes) for place, rule in rows)
        self.about = union(1 << place for place, rule in rows if rule.about_attributes)
        self.by_area = union(1 << place for place, rule in rows if rule.areas_finer_than is not None)
        areas = [(place, rule.areas_finer_than) for place, rule in rows]
        self._reaching = {
            area: union(1 << place for place, than in areas if than is None or finer(area, than=than))
            for area in AREAS
        }

    def scope(self, purpose: str, *, role: str) -> Bits:
        """The prohibitions that match what for and by whom something is asked."""
        return self._purposes.matching(purpose) & self._roles.matching(role)

    def forming(self, form: str) -> Bits:
        """The prohibitions that match a form."""
        return self._forms.matching(form)

    def reaching(self, area: str) -> Bits:
        """The prohibitions that say nothing of areas, or whose areas are coarser than this one.

        Of a word that is no area it cannot be told, so that all are among them.
        """
        return self._reaching.get(area, self.everyone)

    def naming(self, attribute: Attribute) -> Bits:
        """The prohibitions about attributes that name this one by class, flag and id together."""
        flagged = self._flags.unsaid
        for flag in flags_of(attribute):
            flagged |= self._flags.matching(flag)
        named = self._classes.matching(attribute.sensitivity) & self._attributes.matching(attribute.id)
        return self.about & named & flagged


class _Dimension(Generic[Word]):
    """One dimension of the prohibitions: those that leave it open, and for each word those that say it."""

    def __init__(self, rows: Iterable[tuple[int, frozenset[Word]]]) -> None:
        listed = list(rows)
        self.unsaid = union(1 << place for place, words in listed if not words)
        self._by = by_value((word, place) for place, words in listed for word in words)

    def matching(self, word: Word) -> Bits:
        return self.unsaid | self._by.get(word, 0)


def _plain_rule(rule: Prohibition) -> Prohibition:
    sets = (rule.purposes, rule.forms, rule.roles, rule.classes, rule.flags, rule.attributes, rule.principles)
    area = rule.areas_finer_than
    if not (type(rule) is Prohibition and are_words(*sets) and (area is None or area in AREAS)):
        raise TypeError("a prohibition has a part of another type than its own")
    return rule


@lru_cache(maxsize=KEPT)
def _rule_index(key: Same) -> RuleIndex:
    return RuleIndex(cast(Policy, key.thing))


def rule_index(policy: Policy) -> RuleIndex:
    """The index of a document's prohibitions, made once while the document is in use.

    Raises:
        Exception: whatever a part of another type than its own brought about.
    """
    return _rule_index(Same(policy))
