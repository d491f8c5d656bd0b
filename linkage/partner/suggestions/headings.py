"""What a column's header says it holds: the usual spellings of British systems, and words that change or forbid the plain reading."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

ASIDE: Final = re.compile(r"\([^)]*\)|\[[^\]]*\]")
WORD: Final = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Identifier -> its usual headers, in small letters and without anything between the words.
HEADINGS: Final[Mapping[str, frozenset[str]]] = {
    identifier: _words(words)
    for identifier, words in {
        "forename": "forename forenames forname firstname firstnames fname givenname givennames given first fore christianname personalname fornames",
        "middle_name": """middlename middlenames middle mname secondforename secondname otherforename otherforenames othername othernames
            othergivenname othergivennames middleinitial middleinitials additionalnames""",
        "surname": "surname surnames sname lastname lname familyname last family secondsurname sirname",
        "date_of_birth": "dateofbirth dob birthdate born datebirth dateborn bdate birthday dobirth birthdt dtbirth dtofbirth dobdate birth",
        "sex": "sex gender sexcode gendercode sexcd gendercd sexatbirth statedgender recordedsex gendersex sexgender malefemale",
        "postcode": "postcode postcodes postalcode pcode pc zip zipcode postcd pstcode pcd addresspostcode postalzip",
        "address": """address addr addressline addrline addressln add street streetaddress streetname road addressstreet fulladdress residence residentialaddress
            postaladdress houseandstreet housenumberandstreet addresses homeaddr thoroughfare premises""",
        "town": "town city posttown towncity cityortown townorcity townname cityname addresstown addresscity towncityname",
        "email": "email emails emailaddress mail emailaddr eml mailaddress emailid",
        "phone": """phone phones telephone tel mobile mob cell cellphone telno telnumber phoneno phonenumber telephoneno telephonenumber mobileno mobilenumber
            mobilephone mobtel mobiletel landline contactnumber contactno contacttel mobilephonenumber mobiletelephone""",
        "nhs_number": "nhs nhsno nhsnumber nhsnum nhsnbr nhsid nhsref nhsnr newnhsno newnhsnumber nationalhealthservicenumber",
        "upn": "upn upnumber uniquepupilnumber upnno uniquepupilno",
        "pnc_id": "pnc pncid pncno pncnumber pncref pncidnumber policenationalcomputerid pncnum pncidno pncreference",
        "uprn": "uprn uniquepropertyreferencenumber uniquepropertyreference uprnno propertyuprn",
    }.items()
}  # fmt: skip
# Words that say nothing about which identifier it is.
NEUTRAL: Final = _words("""
    pat patient patients client clients pupil pupils student person persons people subject subjects nominal nominals child childs children young yp
    offender offenders customer user su service member learner individual defendant detainee tenant resident legal current main primary home registered
    official usual contact the of and latest known recorded full fld field col column txt text str value cd code line ln details correspondence
    demographic demographics permanent present principal perm curr reg rec own no num number nbr nr name dt date s
""")
PREFIXES: Final = (
    "patient",
    "pat",
    "client",
    "pupil",
    "student",
    "person",
    "subject",
    "nominal",
    "child",
    "offender",
    "customer",
    "member",
)
OF_OTHERS: Final = _words("""
    gp gps doctor dr consultant clinician nurse midwife mother mothers mum mums father fathers dad dads parent parents parental carer carers guardian kin nok
    emergency spouse wife husband sibling siblings brother sister school schools employer officer oic worker staff practitioner teacher referrer
    professional supervisor manager solicitor practice surgery hospital site organisation organization org company agency provider landlord next keyworker
    dentist witness suspect victim complainant agent tutor head approver author editor owner
""")
PREVIOUS: Final = _words(
    "previous previously prev former formerly maiden past old earlier birthname nee née alternative"
)
ALSO: Final = _words("alias aliases aka also knownas preferred chosen nickname nick familiar called")
NOT_BIRTH: Final = _words("""
    death died deceased admission admitted discharge referral referred created updated modified event incident offence start end
""")
UNIQUE: Final = _words(
    "id ids ref refs reference no num number nbr key urn uid guid uuid identifier index pk serial code"
)
UNIQUE_END: Final = re.compile(r"(id|ref|urn|number|reference|key)$")
WHOLE_NAMES: Final = _words(
    "name names fullname completename wholename knownname displayname namefull surnameforename forenamesurname"
)
SECOND: Final = {"forename": "middle_name", "surname": "alias_surname"}
EARLIER: Final = {"surname": "previous_surname", "postcode": "previous_postcode"}
OTHERWISE: Final = {"forename": "alias_forename", "surname": "alias_surname"}

Bar = Literal["another person", "an earlier value", "another date", "a whole name"]


@dataclass(frozen=True, slots=True)
class Heading:
    """What a header says: an identifier (or an alternative of one), or why it is none; `plainness` counts down from 0 as words had to be left out.

    `line` is the number in it, such as 2 of `Addr2`. `unique` says that it sounds like the id of a record.
    """

    identifier: str | None
    plainness: int = 0
    bar: Bar | None = None
    line: int | None = None
    unique: bool = False


def words_of(header: str) -> list[str]:
    """The words of a header in small letters: `PatSurname_1 (text)` has pat, surname and 1."""
    return [w.lower() for w in WORD.findall(ASIDE.sub(" ", header).replace("'", "").replace("’", ""))]


def read_heading(header: str) -> Heading:
    """What the header says."""
    words = words_of(header)
    line = next((int(w) for w in words if w.isdigit() and len(w) < 3), None)
    named = [w for w in words if not w.isdigit()]
    base, dropped = _base(named)
    unique = _sounds_unique(named)
    others = OF_OTHERS & set(named)
    if base is not None and others:
        return Heading(None, bar="another person")
    if base is None:
        return Heading(
            None,
            bar=_whole_name(named, others=bool(others)),
            line=line,
            unique=unique and not others - {"hospital", "agency"},
        )
    if base == "date_of_birth" and NOT_BIRTH & set(named):
        return Heading(None, bar="another date")
    return _qualified(base, set(named), "".join(named), line=line, dropped=dropped)


def _qualified(base: str, words: set[str], joined: str, *, line: int | None, dropped: int) -> Heading:
    if words & PREVIOUS or (base == "surname" and "birth" in words):
        earlier = EARLIER.get(base)
        return Heading(earlier, -dropped, bar=None if earlier else "an earlier value", line=line)
    if words & ALSO or "knownas" in joined:
        other = OTHERWISE.get(base)
        return Heading(other, -dropped, bar=None if other else "an earlier value", line=line)
    if line is not None and line > 1 and base in SECOND:
        return Heading(SECOND[base], -dropped, line=line)
    return Heading(base, -dropped, line=line)


def _base(words: list[str]) -> tuple[str | None, int]:
    """The identifier that the words name, and how many of them had to be left out."""
    if set(words) & {"maiden", "former", "previous", "birth", "née", "nee"} and words[-1:] == ["name"]:
        return "surname", 1
    for kept, dropped in _readings(words):
        for identifier, usual in HEADINGS.items():
            if kept in usual:
                return identifier, dropped
    if "knownas" in "".join(words) or set(words) & {"nickname"}:
        return "forename", 1
    return None, 0


def _readings(words: list[str]) -> Iterator[tuple[str, int]]:
    """The words joined, as they stand and with more and more of them left out."""
    joined = "".join(words)
    yield joined, 0
    yield from ((joined.removeprefix(p), 1) for p in PREFIXES if joined.startswith(p))
    modest = [w for w in words if w not in PREVIOUS | ALSO | OF_OTHERS | NOT_BIRTH]
    yield "".join(modest), len(words) - len(modest)
    for few in (frozenset({"name", "date", "no", "number", "num"}), frozenset()):
        kept = [w for w in modest if w in few or w not in NEUTRAL]
        yield "".join(kept), len(words) - len(kept)
        # Of "address post code" the last words say what it is, the first of what.
        for at in range(1, len(kept)):
            if kept[0] in {"address", "addr", "add", "birth"}:
                yield "".join(kept[at:]), len(words) - len(kept) + at


def _whole_name(words: list[str], *, others: bool) -> Bar | None:
    kept = [w for w in words if w == "name" or w not in NEUTRAL]
    if others and ({"name", "names"} & set(words)):
        return "another person"
    return "a whole name" if "".join(kept) in WHOLE_NAMES or "".join(words) in WHOLE_NAMES else None


def _sounds_unique(words: list[str]) -> bool:
    return bool(words) and (words[-1] in UNIQUE or bool(UNIQUE_END.search("".join(words))))


def by_headers(columns: Iterable[str]) -> dict[str, str]:
    """Identifier -> the column whose header says so most plainly; of equals the first."""
    out: dict[str, tuple[int, str]] = {}
    for column in columns:
        said = read_heading(column)
        if said.identifier is not None and said.plainness > out.get(said.identifier, (-99, ""))[0]:
            out[said.identifier] = (said.plainness, column)
    return {identifier: column for identifier, (_, column) in out.items()}
