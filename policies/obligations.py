"""What comes with a permit. Two sets of obligations combine to the strictest of each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Obligations:
    """Limits and duties.

    `suppress`: counts from 1 to this are hidden. `round_to`: the others are rounded to a multiple of this. `k_anonymity`, `l_diversity`:
    of an extract. `overlap`: people by which two cohorts have to differ. `use_within_days`: from the day of asking.
    """

    suppress: int
    round_to: int
    k_anonymity: int
    l_diversity: int
    overlap: int
    use_within_days: int
    duties: frozenset[str]

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
        )

    def at_least(self, other: Obligations) -> bool:
        """Whether nothing here is laxer than in the other."""
        return self.strictest(other) == self
