"""Suggests what each column of a partner's file is, from its header and a sample of its values. A person confirms it; no value is shown."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from linkage.errors import BadInput
from linkage.partner.sources.source import Source
from linkage.partner.suggestions.content import BASE, EVIDENCE, Profile, profile
from linkage.partner.suggestions.date_orders import DateFinding, orders_of
from linkage.partner.suggestions.headings import Heading, read_heading
from linkage.partner.suggestions.suggestion import BORN, ColumnSuggestion, Confidence, Suggestion, percent

SAMPLE_ROWS: Final = 20_000
NO_HEADERS: Final = ("nhs_number", "upn", "pnc_id", "email", "phone", "postcode")
LINES: Final = ("town", "postcode")
# From how many values on a sample may contradict a header, and speak without one.
TO_REFUTE: Final = 5
TO_PROVE: Final = 10
MOST_CATEGORIES: Final = 50
FEW_OF: Final = 4
# Plainer headers have plainness 0, then -1 and so on; this is for columns that only their values speak for.
CONTENT_ONLY: Final = -9
SECOND: Final[Mapping[str, str]] = {"forename": "middle_name", "surname": "previous_surname"}

RANK: Final[Mapping[Confidence, int]] = {"high": 2, "medium": 1, "low": 0}
BARS: Final[Mapping[str, str]] = {
    "another person": "the header names somebody else, or a part that people play in a case; map it by hand if it is of the records' own people",
    "an earlier value": "the header says an earlier or other value; such are linked for surname, forename and postcode alone",
    "another date": "the header says a date other than that of birth",
    "a whole name": "it holds whole names; export forename and surname as two columns",
}


def suggest_mapping(source: Source, *, rows: int = SAMPLE_ROWS) -> Suggestion:
    """What each column is, by the header and the first rows.

    Raises:
        BadInput: the file has no header, no rows, or cannot be read.
    """
    if any(_is_data(name) for name in source.columns):
        raise BadInput(
            f"{source.name}: its first row looks like somebody's data; put a row of column names above it"
        )
    sample = source.sample(rows).table
    found = [
        _by_itself(read_heading(name), profile(name, column.to_pylist()))
        for name, column in zip(sample.schema.names, sample.columns, strict=True)
    ]
    found = _one_each(found)
    found = _with_record_id(found)
    return Suggestion(source.name, sample.num_rows, tuple(_with_attribute(c) for c in found))


def _is_data(header: str) -> bool:
    """Whether what stands for a column's name is a value. Where a file has no header, its first row must not be shown as one."""
    return bool(orders_of(header)) or any(EVIDENCE[i].proof(header) for i in NO_HEADERS)


def _by_itself(heading: Heading, seen: Profile) -> ColumnSuggestion:
    """The column as its own header and values have it."""
    said = heading.identifier
    if heading.bar is not None:
        return _nothing(seen, BARS[heading.bar])
    if not seen.filled:
        empty = "the column is empty as far as was looked"
        if said is None:
            return _nothing(seen, empty)
        reason = f"the header says so; {empty}"
        return ColumnSuggestion(seen.column, "identifier", said, "medium", reason, seen, heading.plainness)
    proven = _proven(seen)
    if said is None:
        return _without_header(proven, seen)
    refuted = _refuted(said, seen)
    if said == "address" and proven in LINES and seen.proof_share("address") < 0.5:
        reason = f"a line of the address; {_proof(proven, seen)}"
        return ColumnSuggestion(seen.column, "identifier", proven, "medium", reason, seen, CONTENT_ONLY)
    if refuted is None:
        sure: Confidence = "high" if said == BORN or seen.valid_share(_base(said)) >= 0.8 else "medium"
        return ColumnSuggestion(
            seen.column,
            "identifier",
            said,
            sure,
            f"the header says so; {_told(said, seen)}",
            seen,
            heading.plainness,
        )
    if proven is not None and proven != _base(said):
        return ColumnSuggestion(
            seen.column,
            "identifier",
            proven,
            "medium",
            f"the header says {said}, but {refuted}; {_proof(proven, seen)}",
            seen,
            CONTENT_ONLY,
        )
    return _nothing(seen, f"the header says {said}, but {refuted}")


def _without_header(proven: str | None, seen: Profile) -> ColumnSuggestion:
    if proven is None:
        return _nothing(seen, "")
    reason = f"the header does not say; {_proof(proven, seen)}"
    # Any date may be meant where the header does not say birth.
    sure: Confidence = "low" if proven == BORN else "medium"
    return ColumnSuggestion(seen.column, "identifier", proven, sure, reason, seen, CONTENT_ONLY)


def _nothing(seen: Profile, reason: str) -> ColumnSuggestion:
    return ColumnSuggestion(seen.column, "nothing", None, "high", reason, seen)


def _base(identifier: str) -> str:
    return BASE.get(identifier, identifier)


def _told(identifier: str, seen: Profile) -> str:
    if identifier == BORN:
        return f"{percent(seen.dates.share)} of values are dates"
    evidence, base = EVIDENCE[_base(identifier)], _base(identifier)
    usual = f", {percent(seen.proof_share(base))} {evidence.proof_words}" if base in SECOND else ""
    return f"{percent(seen.valid_share(base))} of values {evidence.valid_words}{usual}"


def _proof(identifier: str, seen: Profile) -> str:
    if identifier == BORN:
        return f"{percent(seen.dates.share)} of values are dates, perhaps of birth"
    return f"{percent(seen.proof_share(identifier))} of values {EVIDENCE[identifier].proof_words}"


def _proven(seen: Profile) -> str | None:
    """The identifier that the values alone speak for."""
    if seen.looked < TO_PROVE:
        return None
    if seen.dates.share >= 0.8:
        return BORN
    shares = {i: seen.proof_share(i) for i, e in EVIDENCE.items() if seen.proof_share(i) >= e.proven}
    # A few categories may be words that are names too (White, Black); people have more names than that.
    names = {"forename", "surname"} & shares.keys()
    if names and (
        seen.distinct * FEW_OF < TO_PROVE * 2 or seen.valid_share("forename") < EVIDENCE["forename"].refuted
    ):
        shares = {i: s for i, s in shares.items() if i not in names}
    if names and seen.distinct < 20 <= seen.looked:
        shares = {i: s for i, s in shares.items() if i not in names}
    return max(shares, key=lambda i: shares[i]) if shares else None


def _refuted(said: str, seen: Profile) -> str | None:
    """Why the values cannot be what the header says, or None."""
    if seen.looked < TO_REFUTE:
        return None
    if said == BORN:
        return _no_dates(seen.dates)
    base = _base(said)
    if seen.valid_share(base) < EVIDENCE[base].refuted:
        return f"only {_told(base, seen)}"
    other = {"forename": "surname", "surname": "forename"}.get(base)
    if other and seen.looked >= TO_PROVE:
        own, others = seen.proof_share(base), seen.proof_share(other)
        if others >= 0.15 and others > 4 * own:
            return f"only {_proof(base, seen)}"
    return None


def _no_dates(dates: DateFinding) -> str | None:
    if dates.day_counts >= dates.values / 2:
        return "its values are numbers as spreadsheets count days: give the column the format of a date and export again"
    return f"only {percent(dates.share)} of values are dates" if dates.share < 0.5 else None


def _one_each(found: Iterable[ColumnSuggestion]) -> list[ColumnSuggestion]:
    """Every identifier kept for the column that serves it best."""
    out = list(found)
    best: dict[str, ColumnSuggestion] = {}
    for one in out:
        if one.identifier and _worth(one) > _worth(best.get(one.identifier)):
            best[one.identifier] = one
    return [
        one if one.identifier is None or best[one.identifier] is one else _second(one, best=best) for one in out
    ]


def _second(one: ColumnSuggestion, *, best: Mapping[str, ColumnSuggestion]) -> ColumnSuggestion:
    """What a column is whose identifier another column serves better."""
    assert one.identifier is not None  # noqa: S101  only such columns come here
    taken = best[one.identifier].column
    if one.plainness > CONTENT_ONLY:
        return replace(
            one, role="nothing", identifier=None, reason=f"column {taken!r} serves better as {one.identifier}"
        )
    other = SECOND.get(one.identifier)
    if other is None or other in best:
        return replace(one, role="nothing", identifier=None, reason="")
    return replace(
        one, identifier=other, confidence="low", reason=f"its values are like those of column {taken!r}"
    )


def _worth(one: ColumnSuggestion | None) -> tuple[float, ...]:
    if one is None or one.identifier is None:
        return (-1.0,)
    # Of several address lines, the one with the street; of others, the plainest header, then the fullest column.
    street = one.profile.proof_share("address") if one.identifier == "address" else 0.0
    alone = one.plainness == CONTENT_ONLY and one.identifier != BORN
    proof = one.profile.proof_share(one.identifier) if alone else 0.0
    filled = one.profile.filled / one.profile.rows
    return (
        RANK[one.confidence],
        float(filled > 0),
        round(street, 1),
        one.plainness,
        round(filled, 1),
        proof,
        filled,
    )


def _with_record_id(found: list[ColumnSuggestion]) -> list[ColumnSuggestion]:
    named = [c for c in found if c.role == "nothing" and read_heading(c.column).unique]
    plain = [c for c in found if c.role == "nothing" and c not in named and not c.reason]
    chosen = next((c for c in [*named, *plain] if c.profile.unique), None)
    out = []
    for one in found:
        if one is chosen:
            says = "the header says so; " if one in named else ""
            sure: Confidence = "high" if one in named else "medium"
            reason = f"{says}each of {one.profile.rows:,} rows has a value of its own"
            out.append(replace(one, role="record id", confidence=sure, reason=reason))
        elif one in named and not one.profile.unique:
            out.append(replace(one, reason=_no_id(one.profile)))
        else:
            out.append(one)
    return out


def _no_id(seen: Profile) -> str:
    blank, again = seen.rows - seen.filled, seen.filled - seen.distinct
    return f"it sounds like a record id, but {blank:,} rows have none and {again:,} have one that stood before"


def _with_attribute(one: ColumnSuggestion) -> ColumnSuggestion:
    """A column of a few categories may be an attribute; one of many values that nothing explains is nothing."""
    if one.role != "nothing" or (one.reason and not one.reason.startswith("it sounds like")):
        return one
    distinct, filled = one.profile.distinct, one.profile.filled
    if distinct <= MOST_CATEGORIES and distinct * FEW_OF <= filled:
        return replace(
            one, role="attribute", confidence="medium", reason=f"{distinct} different values in {filled:,} rows"
        )
    return (
        one
        if one.reason
        else replace(one, reason=f"{distinct:,} different values, like those of no identifier")
    )
