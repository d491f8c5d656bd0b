"""Surnames: the shared rule of `names`, with the particles that lead surnames, and the halves of double-barrelled ones.

Of SMITH JONES the canonical surname is both; the person may also be known as SMITH and as JONES. A former surname written beside it
("Smith née Jones", "Smith (formerly Jones)") is kept in brackets and is an alternative too.
"""

from typing import Final

from linkage.partner.identifiers.names import NO_NAME, Rule, clean_name, main, particles, seconds

SHORTEST_HALF: Final = 3
MOST_HALVES: Final = 4
_TRAILING: Final = "JR JNR JUNIOR SNR SR SENIOR II III IV ESQ OBE MBE CBE PHD"
_PARTICLES: Final = """
    DE DEL DELA DELLA DELLE DEI DI DA DAL DALLA DAS DOS DO DU DES D LE LA LES LO VAN VANDER VANDEN DER DEN HET TEN TER TE T VON VOM ZU
    ZUR ZUM AF AV AL EL UL UR UD BIN BEN IBN BINT ABU ABOU ABD ABDUL ABDEL UMM O MC MAC FITZ NI NIC UI MHIC ST SAINT SAN SANTA SANTO AP
"""
RULE: Final = Rule(
    leading=frozenset(),
    trailing=frozenset(_TRAILING.split()),
    particles=particles(_PARTICLES.split()),
    no_name=NO_NAME,
    no_first_word=frozenset({"UNKNOWN"}),
)


def clean(text: str) -> str | None:
    """The surname in capital Latin letters, or None where there is none."""
    return clean_name(text, rule=RULE)


def alternatives(value: str) -> tuple[str, ...]:
    """The halves of a double-barrelled surname, three letters or more, and the surnames that were written beside it."""
    if " " not in value:
        return ()
    words = main(value).split(" ")
    halves = words if len(words) > 1 else []
    names = [w for w in halves if len(w) >= SHORTEST_HALF and w not in RULE.particles and clean(w)]
    return tuple(dict.fromkeys([*names[:MOST_HALVES], *seconds(value)]))
