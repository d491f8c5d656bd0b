"""How names are cleaned, by what else a person may be known, and which parts of a name meet."""

import pytest

from linkage.partner.identifiers import KINDS, forename, place, surname
from linkage.partner.identifiers.families import FAMILIES, IN_FULL
from linkage.partner.identifiers.roots import MOST_ROOTS, roots


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Mary", "MARY"), (" mary-ann ", "MARY ANN"), ("MaryAnn", "MARYANN"), ("Mary, Ann", "MARY ANN"), ("O'Connor", "OCONNOR"), ("O’Connor", "OCONNOR"),
        ("José", "JOSE"), ("Mr. John", "JOHN"), ("Mr.John", "JOHN"), ("Dr Mary Ann", "MARY ANN"), ("Sir John", "JOHN"), ("Lord", "LORD"), ("J.", "J"),
        ("J. R.", "J R"), ("Tom2", "TOM"), ("Abdul Rahman", "ABDULRAHMAN"), ("Abd al-Rahman", "ABDALRAHMAN"), ("Ben James", "BEN JAMES"), ("De Shawn", "DESHAWN"),
        ("Md", "MD"), ("John Jr", "JOHN"), ("Junior", "JUNIOR"), ("Mary (Molly)", "MARY (MOLLY)"), ('Robert "Bob"', "ROBERT (BOB)"), ("Robert 'Bob' James", "ROBERT JAMES (BOB)"),
        ("Robert (known as Bob)", "ROBERT (BOB)"), ("Robert known as Bob", "ROBERT (BOB)"), ("Robert a.k.a. Bob", "ROBERT (BOB)"), ("Robert (deceased)", "ROBERT"),
        ("Robert (Twin)", "ROBERT"), ("Robert (R)", "ROBERT"), ("Robert (Robert)", "ROBERT"), ('"Bob"', "BOB"), ("Robert (Bob) (Rob)", "ROBERT (BOB) (ROB)"),
        ("unknown", None), ("Not Known", None), ("N/A", None), ("baby", None), ("Baby Smith", None), ("Baby girl of Jones", None), ("Unknown male", None),
        ("Mr", None), ("", None), ("123", None), ("-", None), ("xxx", None), ("N.F.N.", None), ("FNU", None), ("Test", None), ("Jr", None), ("Unknown (Bob)", None),
        ("😀", None), ("Male", None),
    ],
)  # fmt: skip
def test_a_forename_is_its_words_without_titles_and_words_for_unknown(text: str, value: str | None) -> None:
    assert forename.clean(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Smith-Jones", "SMITH JONES"), ("van der Berg", "VANDERBERG"), ("Vanderberg", "VANDERBERG"), ("de la Cruz OBE", "DELACRUZ"), ("O Connor", "OCONNOR"),
        ("O' Connor", "OCONNOR"), ("Mc Donald", "MCDONALD"), ("Mac", "MAC"), ("St. John", "STJOHN"), ("Saint John", "STJOHN"), ("Saint", "SAINT"), ("'t Hooft", "THOOFT"),
        ("D'Souza", "DSOUZA"), ("Al-Ḥasan", "ALHASAN"), ("bin Laden", "BINLADEN"), ("Fernández de la Cruz", "FERNANDEZ DELACRUZ"), ("Smith Jr", "SMITH"),
        ("Smith III", "SMITH"), ("Senior", "SENIOR"), ("Lord-Smith", "LORD SMITH"), ("Mr Smith", "SMITH"), ("Smith née Jones", "SMITH (JONES)"), ("Smith (nee Jones)", "SMITH (JONES)"),
        ("Smith (formerly Jones-Brown)", "SMITH (JONES BROWN)"), ("Smith aka Jones", "SMITH (JONES)"), ("Smith (Foster)", "SMITH (FOSTER)"), ("Née", "NEE"), ("Child", "CHILD"),
        ("NFN", None), ("esq", None), ("Unknown", None), ("Unknown Male", None), ("Surname", None), ("?", None), ("D R", None),
    ],
)  # fmt: skip
def test_a_surname_keeps_its_particles_and_loses_titles_and_suffixes(text: str, value: str | None) -> None:
    assert surname.clean(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Saint Albans", "ST ALBANS"), ("St. Albans", "ST ALBANS"), ("High Wycombe", "HIGH WYCOMBE"), ("Newport (Gwent)", "NEWPORT GWENT"), ("King's Lynn", "KINGS LYNN"),
        ("Stoke-on-Trent", "STOKE ON TRENT"), ("NFA", None), ("No fixed abode", None), ("unknown", None), ("xx", None), ("...", None),
    ],
)  # fmt: skip
def test_a_town_is_its_words_and_saint_is_written_short(text: str, value: str | None) -> None:
    assert place.clean(text) == value
    if value is not None:
        assert KINDS["town"].parts(value, "whole") == (value.replace(" ", ""),)
        assert KINDS["town"].parts(value, "start") == (value.replace(" ", "")[:3],)


@pytest.mark.parametrize(
    ("value", "others"),
    [
        ("MARY", ()), ("MARY ANN", ("MARY",)), ("J R", ()), ("ROBERT (BOB)", ("BOB",)), ("ROBERT JAMES (BOB) (JIM)", ("ROBERT", "BOB", "JIM")),
        ("MARY ANN (MARY)", ("MARY",)), ("ROBERT (MARY ANN)", ("MARY ANN",)), ("TEST PILOT", ()),
    ],
)  # fmt: skip
def test_a_person_may_be_known_by_the_first_forename_or_a_nickname(value: str, others: tuple[str, ...]) -> None:
    assert KINDS["forename"].alternatives(value) == others
    assert KINDS["middle_name"].alternatives(value) == ()


@pytest.mark.parametrize(
    ("value", "others"),
    [
        ("SMITH", ()), ("SMITH JONES", ("SMITH", "JONES")), ("SMITH LI", ("SMITH",)), ("GARCIA Y LOPEZ", ("GARCIA", "LOPEZ")), ("SMITH VAN", ("SMITH",)),
        ("SMITH (JONES)", ("JONES",)), ("SMITH BROWN (JONES)", ("SMITH", "BROWN", "JONES")), ("ONE TWO THREE FOUR FIVE", ("ONE", "TWO", "THREE", "FOUR")),
    ],
)  # fmt: skip
def test_a_person_may_be_known_by_half_of_a_double_surname_or_a_former_one(
    value: str, others: tuple[str, ...]
) -> None:
    assert KINDS["surname"].alternatives(value) == others


def test_the_parts_of_a_name_leave_spaces_and_second_names_out() -> None:
    kind = KINDS["forename"]
    found = {
        p: kind.parts("MARY ANN (POLLY)", p)
        for p in ("whole", "initial", "start", "end", "sound", "phonetic", "root")
    }
    assert found == {"whole": ("MARYANN",), "initial": ("M",), "start": ("MAR",), "end": ("ANN",), "sound": ("M650",), "phonetic": ("5650",), "root": ("MARYANN",)}  # fmt: skip
    assert kind.main is not None
    assert kind.main("MARY ANN (POLLY)") == "MARY ANN"
    assert kind.parts("A", "start") == ("A",)


@pytest.mark.parametrize(
    "pair",
    [
        "CATHERINE KATHERINE", "PHILIP FILIP", "GEOFFREY JEFFREY", "OMAR UMAR", "OSMAN USMAN", "IBRAHIM EBRAHIM", "IMRAN EMRAN", "HANNAH ANNA", "QASIM KASIM",
        "JAMAL GAMAL", "CHOUDHURY SHOUDHURY", "CZARNECKI CHARNECKI", "SZYMANSKI SHIMANSKI", "ELENA YELENA", "EKATERINA YEKATERINA", "AISHA AYESHA",
    ],
)  # fmt: skip
def test_the_second_code_is_not_blind_to_the_first_letter(pair: str) -> None:
    one, other = pair.split()
    kind = KINDS["forename"]
    assert kind.parts(one, "phonetic") == kind.parts(other, "phonetic")


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("BOB", "ROBERT"), ("ROBERT", "ROBERT"), ("LIZ", "ELIZABETH"), ("ELIZABETH", "ELIZABETH"), ("KATE", "KATHERINE CATHERINE"), ("ALEX", "ALEXANDER ALEXANDRA"),
        ("CHRIS", "CHRISTOPHER CHRISTINE CHRISTINA CHRISTIAN"), ("MUHAMMAD", "MOHAMMED"), ("MD", "MOHAMMED"), ("MOHAMMED", "MOHAMMED"), ("UMAR", "OMAR"), ("AYESHA", "AISHA"),
        ("GOSIA", "MARGARET"), ("ABNER", "ABNER"), ("GURPREET", "GURPREET"), ("NOAH", "NOAH"), ("HANNAH", "ANNA HANNAH"),
    ],
)  # fmt: skip
def test_the_root_of_a_short_form_is_the_name_in_full(name: str, found: str) -> None:
    assert sorted(roots(name)) == sorted(found.split())


def test_a_short_form_has_few_roots_and_every_name_in_full_is_a_root_of_itself() -> None:
    shorts = {n for family in FAMILIES.values() for n in family.split()}
    assert all(1 <= len(roots(n)) <= MOST_ROOTS for n in shorts | set(IN_FULL) | FAMILIES.keys())
    assert [n for n in (*IN_FULL, *FAMILIES) if n not in roots(n)] == []
    assert [
        (f, n) for f, family in FAMILIES.items() for n in family.split() if not set(roots(n)) & set(roots(f))
    ] == []
    assert all(n.isascii() and n.isalpha() and n.isupper() for n in shorts | set(IN_FULL) | FAMILIES.keys())
