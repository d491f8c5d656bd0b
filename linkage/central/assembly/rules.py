"""By which rules scored pairs become people. Weights are natural logarithms of odds; why these: docs/decisions/0020-people-from-pairs.md."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from linkage.central.assembly.pairs import ScoredRecords
from linkage.central.assembly.records import Ints

STRONGEST: Final = 12.0
CONFLICT: Final = -20.0
UNSEEN_INSIDE: Final = 1.5
UNSEEN_BETWEEN: Final = 3.0
LARGE: Final = 20
UNIT: Final = 1_000_000
LEAST: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Rules:
    """The threshold of match probability from which two records may be one person, and the partners of whose records no two may."""

    threshold: float
    deduplicated: frozenset[str] = frozenset()

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"threshold": self.threshold, "deduplicated": sorted(self.deduplicated)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Rules":
        """The rules that `to_json` wrote.

        Raises:
            KeyError, TypeError, ValueError: it is something else.
        """
        return cls(float(value["threshold"]), frozenset(str(n) for n in value["deduplicated"]))

    def weights(self, pairs: ScoredRecords) -> Ints:
        """What each pair says for one person or against, in millionths: the logarithm of its odds over those of the threshold. No pair is surer than
        `STRONGEST`; one whose unique numbers differ counts `CONFLICT`, whatever its score."""
        odds = np.clip(_log_odds(pairs.probability), -STRONGEST, STRONGEST) - _log_odds(
            np.array([self.threshold])
        )
        out: Ints = np.rint(np.where(pairs.conflict, CONFLICT, odds) * UNIT).astype(np.int64)
        return out


def _log_odds(probability: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    sure = np.clip(probability, LEAST, 1 - LEAST)
    out: npt.NDArray[np.float64] = np.log(sure / (1 - sure))
    return out
