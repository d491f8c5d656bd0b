"""Tables of sums beside counts: what is hidden of them, and what a reader could work out about a hidden sum or count from both together."""

from policies.disclosure.sums.attack import attack_magnitudes
from policies.disclosure.sums.every import attack_every_sum
from policies.disclosure.sums.magnitudes import COUNT, SUM, Magnitudes
from policies.disclosure.sums.protect import protect_magnitudes
from policies.disclosure.sums.result import Given, Measured, Result, Told

__all__ = [
    "COUNT",
    "SUM",
    "Given",
    "Magnitudes",
    "Measured",
    "Result",
    "Told",
    "attack_every_sum",
    "attack_magnitudes",
    "protect_magnitudes",
]
