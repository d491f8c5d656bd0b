"""Every name culture, and the name-origin groups by which fairness is measured."""

from typing import Final

from .cultures_africa import GHANAIAN, NIGERIAN, SOMALI, SOUTHERN_AND_EAST_AFRICAN
from .cultures_asia import ARABIC, CHINESE, HINDU, PAKISTANI_BANGLADESHI, SIKH
from .cultures_europe import BALTIC, BRITISH, CARIBBEAN, IRISH, POLISH, ROMANIAN
from .cultures_type import NameCulture

ORIGINS: Final = (
    "White British or Irish",
    "South Asian",
    "Black African",
    "Black Caribbean",
    "East European",
    "Chinese",
    "Arabic",
)
ORIGIN_SHARES: Final = (0.70, 0.125, 0.04, 0.025, 0.055, 0.02, 0.035)  # of households, before the area's tilt

CULTURES: Final[tuple[NameCulture, ...]] = (
    BRITISH, IRISH,
    PAKISTANI_BANGLADESHI, SIKH, HINDU,
    NIGERIAN, GHANAIAN, SOMALI, SOUTHERN_AND_EAST_AFRICAN,
    CARIBBEAN,
    POLISH, ROMANIAN, BALTIC,
    CHINESE,
    ARABIC,
)  # fmt: skip
