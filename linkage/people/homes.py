"""The stock of homes: every address that a person in the world lives at or has lived at."""

from dataclasses import dataclass

import numpy as np

from .arrays import Ints, Texts
from .draws import draw, happens, rank_weights, texts
from .places import AREAS, OLD_HOME_IN_SAME_AREA, STREET_KINDS, STREET_NAMES, UNIT_LETTERS

_HOMES_IN_A_POSTCODE = 8
_SHARE_OF_FLATS = 0.14


@dataclass(frozen=True, slots=True)
class Homes:
    """Addresses in parallel arrays, one entry for each home."""

    area: Ints  # index into places.AREAS
    postcode: Texts  # with one space
    address: Texts  # number and street, upper case
    town: Texts


def make_homes(count: int, *, rng: np.random.Generator) -> Homes:
    """``count`` homes; a postcode covers about eight of them, all in one street."""
    postcodes = max(1, count // _HOMES_IN_A_POSTCODE)
    area = draw(np.array([a.weight for a in AREAS]), size=postcodes, rng=rng)
    district, town = _districts(area, rng=rng)
    letters = texts(list(UNIT_LETTERS))
    digit = rng.integers(1, 10, postcodes).astype(str).astype(np.object_)
    unit = letters[rng.integers(0, len(letters), (2, postcodes))]
    postcode = district + " " + digit + unit[0] + unit[1]
    street = _streets(postcodes, rng=rng)
    of_home = rng.integers(0, postcodes, count)
    number = (1 + rng.gamma(1.3, 26, count)).astype(np.int64).astype(str).astype(np.object_)
    flat = "FLAT " + rng.integers(1, 25, count).astype(str).astype(np.object_) + ", "
    flat[~happens(_SHARE_OF_FLATS, size=count, rng=rng)] = ""
    return Homes(
        area=area[of_home],
        postcode=postcode[of_home],
        address=flat + number + " " + street[of_home],
        town=town[of_home],
    )


def earlier_homes(home: Ints, *, homes: Homes, rng: np.random.Generator) -> Ints:
    """For each home an earlier one, most often in the same area; others may live there now."""
    by_area = np.argsort(homes.area, kind="stable")
    first = np.searchsorted(homes.area[by_area], np.arange(len(AREAS)))
    count = np.bincount(homes.area, minlength=len(AREAS))
    area = homes.area[home]
    near = by_area[first[area] + (rng.random(len(home)) * count[area]).astype(np.int64)]
    anywhere = rng.integers(0, len(homes.area), len(home))
    return np.where(happens(OLD_HOME_IN_SAME_AREA, size=len(home), rng=rng), near, anywhere)


def _districts(area: Ints, *, rng: np.random.Generator) -> tuple[Texts, Texts]:
    pairs = [list(a.districts.items()) for a in AREAS]
    start = np.cumsum([0] + [len(p) for p in pairs[:-1]])
    size = np.array([len(p) for p in pairs])
    chosen = start[area] + (rng.random(len(area)) * size[area]).astype(np.int64)
    flat = [pair for area_pairs in pairs for pair in area_pairs]
    return texts([code for code, _ in flat])[chosen], texts([town.upper() for _, town in flat])[chosen]


def _streets(count: int, *, rng: np.random.Generator) -> Texts:
    names = texts(STREET_NAMES)[
        draw(rank_weights(len(STREET_NAMES), offset=10, exponent=0.6), size=count, rng=rng)
    ]
    weights = np.array([weight for _, _, weight in STREET_KINDS])
    kinds = texts([kind for kind, _, _ in STREET_KINDS])[draw(weights, size=count, rng=rng)]
    return texts([name.upper() for name in names + " " + kinds])
