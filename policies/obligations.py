"""What comes with a permit. Two sets of obligations combine to the strictest of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from policies.canonical import ADDED

NEVER: Final = 1_000_000
"""In place of the smallest exact count: no count is shown exactly. It is stricter than every threshold."""


@dataclass(frozen=True, slots=True)
class Obligations:
    """Limits and duties.

    `suppress`: counts from 1 to this are hidden. `round_to`: the others are rounded to a multiple of this. `k_anonymity`, `l_diversity`:
    of an extract. `overlap`: people by which two cohorts have to differ. `use_within_days`: from the day of asking. `exact_from`: counts from this are
    shown as they are, in place of rounded; nothing is, unless it is said.
    """

    suppress: int
    round_to: int
    k_anonymity: int
    l_diversity: int
    overlap: int
    use_within_days: int
    duties: frozenset[str]
    exact_from: int = field(default=NEVER, metadata=ADDED)

    @property
    def exact(self) -> bool:
        """Whether counts are shown as they are."""
        return self.exact_from < NEVER

    def strictest(self, other: Obligations) -> Obligations:
        """Both at once: the larger limits, the shorter time, every duty. Associative, commutative, idempotent."""
        return Obligations(
            suppress=max(self.suppress, other.suppress),
            round_to=max(self.round_to, other.round_to),
            k_anonymity=max(self.k_anonymity, other.k_anonymity),
            l_diversity=max(self.l_diversity, other.l_diversity),
            overlap=max(self.overlap, other.overlap),
            use_within_days=min(self.use_within_days, other.use_within_days),
            duties=self.duties | other.duties,
            exact_from=max(self.exact_from, other.exact_from),
        )

    def at_least(self, other: Obligations) -> bool:
        """Whether nothing here is laxer than in the other."""
        return self.strictest(other) == self


def duties_alone(duties: frozenset[str], *, use_within_days: int) -> Obligations:
    """These duties, and no limit but that of the time of use."""
    return Obligations(0, 0, 0, 0, 0, use_within_days, duties, exact_from=0)
