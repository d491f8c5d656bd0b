"""Eighteen areas in nine local partnerships of the Thames Valley, their postcode districts, and street names.

Districts and towns are real; the second half of every postcode, the streets and the house numbers are invented. The
weights are rough shares of the study population, and ``hardship`` is made up so that tables by area differ.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from .cultures import ORIGINS


@dataclass(frozen=True, slots=True)
class Area:
    """One area: where its people live and how it differs from the others."""

    name: str
    partnership: str  # the local partnership it belongs to
    districts: Mapping[str, str]  # outward postcode -> post town
    weight: float  # of the households
    hardship: float  # added to the latent vulnerability of the people who live there
    tilt: Mapping[str, float]  # origin group -> factor on its share of the area's households


AREAS: Final[tuple[Area, ...]] = (
    Area("Oxford", "Oxfordshire", {"OX1": "Oxford", "OX2": "Oxford", "OX3": "Oxford", "OX4": "Oxford"}, 0.085, 0.20, {"Chinese": 2.0, "Arabic": 1.4}),
    Area("Cherwell", "Oxfordshire", {"OX16": "Banbury", "OX26": "Bicester", "OX5": "Kidlington"}, 0.065, 0.05, {"East European": 1.8}),
    Area("West Oxfordshire", "Oxfordshire", {"OX28": "Witney", "OX18": "Carterton", "OX7": "Chipping Norton"}, 0.045, -0.20, {"South Asian": 0.2, "Arabic": 0.4}),
    Area("South Oxfordshire", "Oxfordshire", {"OX11": "Didcot", "OX9": "Thame", "OX10": "Wallingford", "RG9": "Henley-on-Thames"}, 0.055, -0.20, {"South Asian": 0.3, "Arabic": 0.4}),
    Area("Vale of White Horse", "Oxfordshire", {"OX14": "Abingdon", "OX12": "Wantage"}, 0.050, -0.10, {"South Asian": 0.4}),
    Area("Aylesbury", "Buckinghamshire", {"HP19": "Aylesbury", "HP20": "Aylesbury", "HP21": "Aylesbury"}, 0.070, 0.10, {"South Asian": 1.2}),
    Area("High Wycombe", "Buckinghamshire", {"HP11": "High Wycombe", "HP12": "High Wycombe", "HP13": "High Wycombe"}, 0.070, 0.15, {"South Asian": 1.7, "Black Caribbean": 2.2}),
    Area("Chiltern", "Buckinghamshire", {"HP5": "Chesham", "HP6": "Amersham", "HP9": "Beaconsfield", "HP16": "Great Missenden"}, 0.050, -0.25, {"South Asian": 0.6}),
    Area("Milton Keynes North", "Milton Keynes", {"MK14": "Milton Keynes", "MK15": "Milton Keynes", "MK13": "Milton Keynes", "MK16": "Newport Pagnell"}, 0.070, 0.05, {"Black African": 2.4}),
    Area("Milton Keynes South", "Milton Keynes", {"MK2": "Milton Keynes", "MK3": "Milton Keynes", "MK6": "Milton Keynes"}, 0.070, 0.20, {"Black African": 2.2, "East European": 1.3}),
    Area("Reading East", "Reading", {"RG1": "Reading", "RG2": "Reading", "RG4": "Reading"}, 0.060, 0.15, {"East European": 1.6, "Black African": 1.4}),
    Area("Reading West", "Reading", {"RG30": "Reading", "RG31": "Reading"}, 0.050, 0.15, {"South Asian": 1.2, "Black Caribbean": 1.8}),
    Area("Slough", "Slough", {"SL1": "Slough", "SL2": "Slough", "SL3": "Slough"}, 0.070, 0.20, {"South Asian": 3.4, "East European": 1.6, "White British or Irish": 0.5}),
    Area("Windsor", "Windsor and Maidenhead", {"SL4": "Windsor", "SL5": "Ascot"}, 0.030, -0.20, {}),
    Area("Maidenhead", "Windsor and Maidenhead", {"SL6": "Maidenhead", "SL7": "Marlow"}, 0.035, -0.15, {"South Asian": 1.1}),
    Area("West Berkshire", "West Berkshire", {"RG14": "Newbury", "RG18": "Thatcham", "RG19": "Thatcham", "RG17": "Hungerford"}, 0.050, -0.10, {"South Asian": 0.3, "Arabic": 0.4}),
    Area("Wokingham", "Wokingham", {"RG40": "Wokingham", "RG41": "Wokingham", "RG5": "Reading"}, 0.045, -0.25, {"Chinese": 1.3}),
    Area("Bracknell Forest", "Bracknell Forest", {"RG12": "Bracknell", "RG42": "Bracknell", "RG45": "Crowthorne"}, 0.045, 0.00, {"South Asian": 0.7}),
)  # fmt: skip

PARTNERSHIP_OF_AREA: Final[Mapping[str, str]] = {area.name: area.partnership for area in AREAS}
OLD_HOME_IN_SAME_AREA: Final = 0.75
UNIT_LETTERS: Final = "ABDEFGHJLNPQRSTUWXYZ"  # the letters that inward codes use

# The kind of street, as agencies write it in full and cut short, with its weight.
STREET_KINDS: Final[tuple[tuple[str, str, float], ...]] = (
    ("Road", "Rd", 0.30), ("Close", "Cl", 0.16), ("Street", "St", 0.12), ("Avenue", "Ave", 0.10), ("Drive", "Dr", 0.08),
    ("Lane", "Ln", 0.07), ("Way", "Wy", 0.06), ("Crescent", "Cres", 0.04), ("Gardens", "Gdns", 0.03), ("Place", "Pl", 0.02),
    ("Court", "Ct", 0.02),
)  # fmt: skip

_NAMES: Final = """
    Station|Church|High|Victoria|London|Oxford|Reading|Park|Manor|Mill|Queens|Kings|Albert|New|Green|School|Springfield|
    Orchard|Meadow|York|Windsor|St Johns|St Marys|Grange|North|South|West|East|Chestnut|Beech|Oak|Elm|Ash|Birch|Cedar|
    Willow|Poplar|Hawthorn|Holly|Laburnum|Lime|Maple|Sycamore|Rowan|Alder|Juniper|Lavender|Primrose|Bluebell|Heather|
    Bramble|Fern|Kingfisher|Heron|Swallow|Nightingale|Lark|Robin|Falcon|Curlew|Fox|Badger|Squirrel|Churchill|Nelson|
    Wellington|Cromwell|Wordsworth|Byron|Shelley|Milton|Tennyson|Chaucer|Dickens|Austen|Kipling|Stephenson|Brunel|
    Newton|Darwin|Fleming|Abbey|Priory|Chapel|Vicarage|Rectory|Cathedral|Castle|Bridge|Ferry|Wharf|Canal|Lock|Weir|River|
    Thames|Cherwell|Kennet|Loddon|Thame|Chiltern|Cotswold|Ridgeway|Downs|Hill|Valley|Woodland|Forest|Common|Heath|Moor|
    Barn|Farm|Field|Long|Short|Broad|Upper|Lower|Old|Quarry|Brickfield|Tanners|Weavers|Coopers|Saddlers|Bakers|Market|
    Fair|Mount Pleasant|Belmont|Clarence|Clifton|Cavendish|Devonshire|Gloucester|Cambridge|Warwick|Salisbury|Winchester|
    Lincoln|Durham|Richmond|Hampton|Balmoral|Sandringham|Buckingham|Marlborough|Blenheim|Wessex|Mercia|Saxon|Roman|
    Watling|Granby|Denmark|Alma|Inkerman|Mafeking|Jubilee|Coronation|Festival|Northcroft|Eastfield|Westbourne|Southmead|
    Pippin|Bramley|Russet|Harvest|Barley|Wheatfield|Clover|Honeysuckle|Foxglove|Marigold|Larkspur|Cowslip|Teasel
"""
STREET_NAMES: Final = tuple(name.strip() for name in _NAMES.replace("\n", " ").split("|"))

ORIGIN_TILT: Final = tuple(tuple(area.tilt.get(origin, 1.0) for origin in ORIGINS) for area in AREAS)
