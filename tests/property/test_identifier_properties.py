"""Laws of cleaning: it never fails, what is clean stays clean, and one value written in two ways is one value."""

import unicodedata
from datetime import date

import pyarrow as pa
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from stdnum.exceptions import ValidationError
from stdnum.gb import nhs
from stdnum.gb.upn import calc_check_digit

from linkage.partner.identifiers import (
    KINDS,
    dates,
    forename,
    names,
    nhs_number,
    phone,
    pnc_id,
    postcode,
    surname,
    upn,
)
from linkage.schema import PARTS

# Pieces that the rules speak of, so that they meet in orders that nobody writes.
PIECES = [
    *["Smith", "Jones", "O'", "van", "der", "de", "la", "D", "E", "R", "Mc", "Mac", "Al", "ias", "Saint", "St", "St.", "Mr", "Dr", "Jr", "Senior", "OBE"],
    *["O", "BE", "Lord", "Sir", "aka", "known as", "née", "formerly", "alias", "unknown", "not", "known", "baby", "of", "X", "N", "A", "(", ")", '"', "'"],
    *["-", "/", ".", ",", "&", " ", "  ", "12", "12-14", "14", "0", "1", "00", "Flat", "The", "Mill", "Cottage", "Road", "NFA", "no fixed abode", "2nd"],
    *["1987", "03", "87", "Mar", "??", "OX4", "1AB", "0X4", "ZZ99", "3VZ", "BFPO", "GIR", "0AA", "@", "example.org", "test", "+44", "07700", "900123"],
    *["943", "476", "5919", "B801200005001", "1979", "0163001B", "محمد", "ال", "عبد", "सिंह", "ਕੌਰ", "Ольга", "王", "É", "e\u0301", "ß", "ı", "😀", "\u200d"],
]  # fmt: skip
written = (
    st.text(max_size=30)
    | st.lists(st.sampled_from(PIECES), max_size=6).map(" ".join)
    | st.lists(st.sampled_from(PIECES), max_size=6).map("".join)
)
letters = st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=2, max_size=10).filter(
    lambda t: len(set(t)) > 1
)
ALPHABETS = (
    *["abcdefghijklmnopqrstuvwxyzàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿāăąćčďđēėęěğģīįıķłļńňőœŕřśşšţťūůűųźżžșț"],
    *["абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґ", "αβγδεζηθικλμνξοπρστυφχψωάέήίόύώ", "աբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆ"],
    *["ابتثجحخدذرزسشصضطظعغفقكلمنهويةىأإآءئؤپچگکیہھٹڈڑںے", "אבגדהוזחטיכלמנסעפצקרשתםןץףך", "कखगघचछजझटठडढतथदधनपफबभमयरलवशषसहािीुूेैोौंअआइईउऊएऐओऔ्"],
    *["ਕਖਗਘਚਛਜਝਟਠਡਢਤਥਦਧਨਪਫਬਭਮਯਰਲਵਸਹਾਿੀੁੂੇੈੋੌੰੱ", "কখগঘচছজঝটঠডঢতথদধনপফবভমযরলশষসহািীুূেৈোৌং", "明李王张陳小丽华", "김이박최정민수지영희"],
)  # fmt: skip
SURELY_NO_NAME = (
    names.TITLES
    | names.LEADS
    | forename.RULE.no_word
    | forename.RULE.notable
    | surname.RULE.no_word
    | surname.RULE.notable
)


@pytest.mark.parametrize("identifier", KINDS)
@given(text=written)
def test_cleaning_fails_on_no_text_and_what_is_clean_stays_as_it_is(identifier: str, text: str) -> None:
    kind = KINDS[identifier]
    value = kind.clean(text)
    if value is None:
        return
    assert value == value.strip() != ""
    assert kind.clean(value) == value
    assert identifier == "email" or value.isascii()


@pytest.mark.parametrize("identifier", KINDS)
@given(text=written)
def test_every_part_and_every_alternative_of_a_clean_value_is_a_value(identifier: str, text: str) -> None:
    kind = KINDS[identifier]
    value = kind.clean(text)
    if value is None:
        return
    for part in PARTS[identifier]:
        found = kind.parts(value, part)
        assert all(found)
        assert len(found) == len(set(found)) <= 4
        assert kind.part(value, part) == (found[0] if found else None)
    for other in kind.alternatives(value):
        assert kind.clean(other) == other != value
    if kind.main is not None:
        main = kind.main(value)
        assert kind.clean(main) == main
        assert kind.parts(main, "whole") == kind.parts(value, "whole")
        assert main.replace(" ", "").isalpha()


@given(
    st.sampled_from(sorted(KINDS)),
    written | st.sampled_from(ALPHABETS).flatmap(lambda a: st.text(alphabet=a, max_size=12)),
)
def test_composed_and_decomposed_writing_agree(identifier: str, text: str) -> None:
    one, other = (KINDS[identifier].clean(unicodedata.normalize(form, text)) for form in ("NFC", "NFD"))
    assert one == other


@given(st.sampled_from(ALPHABETS).flatmap(lambda a: st.text(alphabet=a, min_size=1, max_size=12)))
def test_a_name_of_any_script_is_capital_latin_letters_in_either_case(text: str) -> None:
    for clean in (forename.clean, surname.clean):
        value = clean(text)
        assert value is None or (value.replace(" ", "").isalpha() and value.isupper() and value.isascii())
        assert clean(text.upper()) == value


@given(
    st.text(alphabet="ابتجحخدرزسشصطعغفقكلمنهوي", min_size=1, max_size=8),
    st.lists(st.sampled_from("ًٌٍَُِّْٰـ"), max_size=8),
)
def test_arabic_with_and_without_vowel_points_agree(word: str, points: list[str]) -> None:
    pointed = "".join(c + p for c, p in zip(word, [*points, *[""] * len(word)], strict=False))
    assert surname.clean(pointed) == surname.clean(word)


@given(st.text(alphabet="ابتجحخدرزسشصطعغفقكلمنهوي", min_size=1, max_size=8))
def test_the_keyboards_of_the_languages_of_arabic_script_agree(word: str) -> None:
    other = word.translate(str.maketrans("كيه", "کیہ"))
    assert surname.clean(other) == surname.clean(word)


@given(
    st.lists(letters, min_size=2, max_size=3),
    st.sampled_from(["-", " - ", "/", "\u2010", "\u2011", "\u00a0", ""]),
)
def test_hyphen_space_and_run_together_writing_agree(words: list[str], gap: str) -> None:
    assume(SURELY_NO_NAME.isdisjoint([*words, "".join(words)]))
    for kind in (KINDS["forename"], KINDS["surname"]):
        spaced, other = kind.clean(" ".join(words)), kind.clean(gap.join(words).title())
        assert spaced is not None
        assert other is not None
        for part in PARTS["surname"]:
            assert kind.parts(spaced, part) == kind.parts(other, part)


@given(letters, letters, st.sampled_from("'\u2019\u2018`\u00b4\u02bc\u2032"))
def test_every_apostrophe_is_the_same(before: str, after: str, mark: str) -> None:
    assume(SURELY_NO_NAME.isdisjoint([before + after]))
    assert surname.clean(f"{before}{mark}{after}") == before + after


@given(
    letters,
    letters,
    st.sampled_from(
        ['{} "{}"', "{} '{}'", "{} ({})", "{} [{}]", "{} (known as {})", "{} aka {}", "{} \u201c{}\u201d"]
    ),
)
def test_a_name_written_beside_another_is_an_alternative(first: str, second: str, shape: str) -> None:
    assume(first != second)
    assume((SURELY_NO_NAME | names.REMARKS).isdisjoint([first, second]))
    value = forename.clean(shape.format(first.title(), second.title()))
    assert value == f"{first} ({second})"
    assert forename.alternatives(value) == (second,)
    assert KINDS["forename"].parts(value, "whole") == (first,)


@given(letters, letters)
@example("CATHERINE", "KATHERINE")
def test_names_that_sound_alike_by_soundex_are_alike_by_the_second_code(one: str, other: str) -> None:
    if names.sound(one) == names.sound(other):
        assert names.phonetic(one) == names.phonetic(other)
    assert names.phonetic(one)[1:] == names.sound(one)[1:]


def by_stdnum(text: str) -> str | None:
    try:
        digits: str = nhs.validate(text)
    except ValidationError:
        return None
    return None if len(set(digits)) == 1 else digits


nine = st.integers(0, 999_999_999).map(lambda n: f"{n:09}")


@st.composite
def nhs_numbers(draw: st.DrawFn) -> str:
    first = draw(nine)
    fitting = [d for d in "0123456789" if nhs.checksum(first + d) == 0]
    ten = first + draw(st.sampled_from([*fitting * 3, *"0123456789"]))
    return draw(
        st.sampled_from(
            ["{}{}{}", "{} {} {}", "{}-{}-{}", " {}{}{} ", "{}\u2013{}\u2013{}", "{}{}{}\n", "{}{}\t{}"]
        )
    ).format(ten[:3], ten[3:6], ten[6:])


@given(nhs_numbers() | written | st.text(alphabet="0123456789 -\u2010\uff11٣", max_size=14))
@example("9434765919\n")
@example("4444444444")
def test_an_nhs_number_is_what_the_library_of_standard_numbers_says(text: str) -> None:
    assert nhs_number.clean(text) == by_stdnum(text)


@given(st.lists(st.none() | nhs_numbers() | written, max_size=30))
def test_many_nhs_numbers_at_once_are_cleaned_as_one_by_one(texts: list[str | None]) -> None:
    many = nhs_number.clean_many(pa.array(texts, pa.string()))
    assert many.type == pa.string()
    assert many.to_pylist() == [None if t is None else by_stdnum(t) for t in texts]
    assert (
        nhs_number.clean_many(pa.array(["x", *texts, "9434765919"], pa.string())[1:]).to_pylist()[-1]
        == "9434765919"
    )


USUAL_FORMS = {
    "address": r"[A-Za-z0-9',. -]{0,12}|(?:[0-9]{1,3}|12-14|2 B|FLAT|Flat|NFA|NO FIXED ABODE|ST|St\.|HIGH|RD|Saint|NA)(?: (?:3|C|A|HIGH|ROAD|Rd|ST|TOWER|HSE|D)){0,4}",
    "email": r"[A-Za-z0-9._+ -]{0,6}@[A-Za-z0-9. -]{0,8}[.,;]{0,2}|(?:none|test|no\.email|Anna|noXemail)@(?:none|test\.com|testXcom|example\.org\.?)",
    "postcode": r"[A-Za-z]{1,2}[0-9]{1,2}[A-Za-z]? ?[0-9][A-Za-z]{2}|ZZ99 ?3VZ|aa1 1aa|AA999AA|GIR 0AA|BFPO[0-9]{1,3}",
}


@pytest.mark.parametrize("identifier", sorted(USUAL_FORMS))
@given(st.data())
def test_many_values_at_once_are_cleaned_as_one_by_one(identifier: str, data: st.DataObject) -> None:
    kind, usual = KINDS[identifier], st.from_regex(USUAL_FORMS[identifier], fullmatch=True)
    texts = data.draw(st.lists(st.none() | usual | usual.map("{}\n".format) | written, max_size=30))
    assert kind.clean_many is not None
    many = kind.clean_many(pa.array(["x", *texts], pa.string())[1:])
    assert many.type == pa.string()
    assert many.to_pylist() == [None if t is None else kind.clean(t) for t in texts]


@given(
    st.sampled_from(sorted(dates.ORDERS)),
    st.none() | st.just(2026),
    st.lists(st.none() | written | st.from_regex(r"[0-9]{1,2}[/. -]?[0-9]{1,2}[/.-]?(?:19|20|21)?[0-9]{2}\n?|(?:18|19|20|21)[0-9]{2}-?[0-3][0-9]-?[0-3][0-9]", fullmatch=True), max_size=30),
)  # fmt: skip
def test_many_dates_at_once_are_cleaned_as_one_by_one(
    order: str, latest: int | None, texts: list[str | None]
) -> None:
    many = dates.clean_many_in_order(pa.array(["x", *texts], pa.string())[1:], order, latest_year=latest)
    assert many.type == pa.string()
    assert many.to_pylist() == [
        None if t is None else dates.clean_in_order(t, order, latest_year=latest) for t in texts
    ]


@given(st.integers(0, 10**11 - 1), st.sampled_from("0123456789ABCDEFGHJKLMNPQRTUVWXYZ"))
def test_of_all_letters_only_the_librarys_check_letter_makes_a_pupil_number(number: int, last: str) -> None:
    twelve = f"{number:011}{last}"
    valid = [c for c in upn.ALPHABET if upn.clean(c + twelve)]
    assert valid == ([] if set(twelve) == {"0"} else [calc_check_digit(twelve)])


@given(st.integers(1950, 2049), st.integers(1, 9_999_999))
def test_a_police_number_has_one_check_letter_and_its_short_form_is_the_same_number(
    year: int, serial: int
) -> None:
    valid = [found for c in pnc_id.ALPHABET if (found := pnc_id.clean(f"{year}/{serial:07}{c}"))]
    assert len(valid) == 1
    letter = valid[0][-1]
    for writing in (
        f"{year % 100:02}/{serial}{letter}",
        f"{year}{serial:07}{letter}",
        f"{year % 100:02}{serial}{letter.lower()}",
        f"{year} / {serial}{letter}",
    ):
        assert pnc_id.clean(writing) == valid[0]


@given(st.dates(), st.sampled_from(["YMD", "DMY", "MDY"]), st.sampled_from(["-", "/", ".", " "]), st.booleans())
def test_a_date_written_in_its_columns_order_is_read_back(
    day: object, order: str, gap: str, padded: bool
) -> None:
    y, m, d = str(day).split("-")
    short = {"Y": y, "M": m if padded else m.lstrip("0"), "D": d if padded else d.lstrip("0")}
    expected: str | None = y + m + d
    if not dates.FIRST_YEAR <= int(y) <= dates.LAST_YEAR or expected in dates.PLACEHOLDERS:
        expected = None
    assert dates.clean_in_order(gap.join(short[c] for c in order), order) == expected
    assert dates.clean(f"{y}-{m}-{d}") == expected


@given(st.dates(min_value=date(1925, 1, 1), max_value=date(2024, 12, 31)))
def test_a_year_of_two_digits_is_read_only_where_the_mapping_says_which_is_the_latest(day: object) -> None:
    y, m, d = str(day).split("-")
    assert dates.clean_in_order(f"{d}/{m}/{y[2:]}", "DMY") is None
    assert dates.clean_in_order(f"{d}/{m}/{y[2:]}", "DMY", latest_year=2024) == y + m + d


@given(
    st.sampled_from(sorted(postcode.AREAS)),
    st.integers(0, 99),
    st.integers(0, 9),
    st.sampled_from(postcode.UNIT),
    st.sampled_from(postcode.UNIT),
)
def test_a_postcode_with_letters_for_digits_is_the_code_itself(
    area: str, district: int, sector: int, one: str, other: str
) -> None:
    code = f"{area}{district}{sector}{one}{other}"
    assert postcode.clean(code) == code
    assert KINDS["postcode"].parts(code, "area") == (area,)
    slipped = f"{area}{district} {str(sector).translate(str.maketrans('01', 'OI'))}{one}{other}"
    assert postcode.clean(slipped) == code


@given(st.integers(7_000_000_000, 7_999_999_999), st.sampled_from([5, 4, 3]))
def test_every_writing_of_a_telephone_number_is_one_number(number: int, gap: int) -> None:
    digits = str(number)
    value = phone.clean(f"0{digits}")
    assume(value is not None)
    assert value == f"+44{digits}"
    for writing in (
        f"+44{digits}", f"+44 (0){digits}", f"0044{digits}", f"44{digits}", digits, f"0{digits[:gap]} {digits[gap:]}", f"(0{digits[:gap]})-{digits[gap:]}",
        f"0{digits} ext 12", f"0{digits} / 01865 270000", f"Mob: 0{digits}", f"0{digits}.0",
    ):  # fmt: skip
        assert phone.clean(writing) == value
