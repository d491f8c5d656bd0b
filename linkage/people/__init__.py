"""Made-up people and agencies with known truth, for tests, demonstrations and measurements."""

from .places import PARTNERSHIP_OF_AREA
from .world import AgencyFile, World, make_world

__all__ = ["PARTNERSHIP_OF_AREA", "AgencyFile", "World", "make_world"]
