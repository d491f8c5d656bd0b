"""Forenames and middle names: the shared rule of `names`, the first of several forenames, and the roots of nicknames.

Of ROBERT JAMES (BOB) the canonical forename is all of it; the person may also be known as ROBERT and as BOB. "Baby", "Infant" and the
like in front mean that no name was given yet.
"""

from typing import Final

from linkage.partner.identifiers.names import NO_NAME, Rule, clean_name, main, particles, seconds

_LEADING: Final = "SIR LADY LORD DAME MASTER"
_TRAILING: Final = "JR JNR SNR SR ESQ"
_PARTICLES: Final = """
    ABD ABDUL ABDEL ABDAL ABDOUL ABU UMM BIN BINT IBN AL EL UL UR UD UZ US DE DA DEL DELA LA LE O D MC ST
"""
_NO_NAME: Final = "MALE FEMALE BOY GIRL CHILD TWIN MOTHER FATHER PATIENT CLIENT PERSON"
_NO_FIRST_WORD: Final = (
    "BABY BABYBOY BABYGIRL BABYOF INFANT NEWBORN UNBORN UNNAMED STILLBORN FOETUS FETUS UNKNOWN"
)
RULE: Final = Rule(
    leading=frozenset(_LEADING.split()),
    trailing=frozenset(_TRAILING.split()),
    particles=particles(_PARTICLES.split()),
    no_name=NO_NAME | frozenset(_NO_NAME.split()),
    no_first_word=frozenset(_NO_FIRST_WORD.split()),
)


def clean(text: str) -> str | None:
    """The forenames in capital Latin letters, or None where there are none."""
    return clean_name(text, rule=RULE)


def alternatives(value: str) -> tuple[str, ...]:
    """The first of several forenames, and the nicknames that were written beside them."""
    if " " not in value:
        return ()
    words = main(value).split(" ")
    first = words[:1] if len(words) > 1 and len(words[0]) > 1 and clean(words[0]) else []
    return tuple(dict.fromkeys([*first, *seconds(value)]))
