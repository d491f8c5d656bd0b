"""The pre-flight report as lines for the terminal and as one page that stands on its own, for a data officer who is no programmer."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

from jinja2 import Environment, PackageLoader, StrictUndefined

from linkage.attestations import rounded
from linkage.partner.preflight.advice import Advice, advise, percent
from linkage.partner.preflight.report import IdentifierReport, Preflight
from linkage.partner.rawsearch.leaving import spoken
from linkage.partner.subgroups import FEWEST, SubgroupCounts

Verdict = Literal["stop", "look", "ready"]
VERDICTS: Final[dict[Verdict, str]] = {
    "stop": "Do not send this.",
    "look": "It can be sent. First look at the points below.",
    "ready": "Ready to send.",
}
NOT_SEALED: Final = "This is a check of the file. Nothing has been tokenised, sealed or sent."
REASONS_SHOWN: Final = 3


def verdict(report: Preflight) -> Verdict:
    """Whether it can be sent: not with anything grave, and after a look where there is something to look at."""
    found = advise(report)
    if any(one.grave for one in found):
        return "stop"
    return "look" if found else "ready"


def told(report: Preflight) -> list[str]:
    """The report in lines for the terminal."""
    subject = report.subject
    return [
        f"Pre-flight: {subject.partner}, {subject.file}, {subject.made_at:%d %B %Y, %H:%M} UTC",
        VERDICTS[verdict(report)],
        *([] if report.files else [NOT_SEALED]),
        "",
        f"{report.read:,} records in the file, {report.read - report.records:,} left out, {report.records:,} to be linked."
        f" The other parties are told: about {rounded(report.records):,}.",
        *_points(advise(report)),
        *_identifiers(report),
        *_passes(report),
        *_left_out(report),
        *_leaving(report),
        *_subgroups(report),
        *searched(report),
    ]


def _points(found: tuple[Advice, ...]) -> Iterator[str]:
    for number, one in enumerate(found, 1):
        yield from ("", f"{number}. {'STOP: ' if one.grave else ''}{one.where}: {one.what}", f"   {one.do}")


def _identifiers(report: Preflight) -> Iterator[str]:
    yield from (
        "",
        f"{'identifier':18}{'usable':>12}{'missing':>12}{'refused':>12}{'different':>12}{'held once':>12}",
    )
    for one in report.identifiers:
        counts = (one.valid, one.missing, one.invalid, one.values, one.alone)
        yield f"{spoken(one.identifier):18}" + "".join(
            f"{'-' if n is None else format(n, ','):>12}" for n in counts
        )
        for words, count in one.reasons[:REASONS_SHOWN]:
            yield f"  refused: {words} ({count:,})"
    for date in report.dates:
        if date.earliest is not None:
            yield f"{spoken(date.identifier)}: read in the order {date.order}, years {date.earliest} to {date.latest}"
    if report.duplicates is not None:
        yield f"{report.duplicates.records:,} records agree with another on forename, surname, date of birth and postcode"


def _passes(report: Preflight) -> Iterator[str]:
    if not report.passes:
        return
    yield from ("", f"{'match key':24}{'records':>12}{'rows':>12}{'left out':>12}{'shared values':>15}")
    for one in report.passes:
        yield f"{one.key:24}{one.records:>12,}{one.rows:>12,}{one.dropped_rows:>12,}{one.dropped_values:>15,}"
    yield f"records without any match key: {report.unkeyed:,}"


def _left_out(report: Preflight) -> Iterator[str]:
    for one in report.left_out:
        yield from ("", f"{one.attestation.says()} (Exactly {one.records:,}; only you see this number.)")


def _leaving(report: Preflight) -> Iterator[str]:
    yield from ("", "What becomes of your columns; every other column stays here:")
    for field in report.fields:
        kind = f", class {field.attribute_class}" if field.attribute_class else ""
        yield f"  {field.column} ({field.used_as}{kind}): {field.becomes}; gateway {field.gateway}"
    if report.files:
        yield from ("", "What leaves:")
    for file in report.files:
        yield f"  {file.name:34}{file.size or 0:>14,} bytes  for {file.reader_name or file.reader}"


def _subgroups(report: Preflight) -> Iterator[str]:
    if report.subgroups:
        yield from ("", "Subgroup codes, for the assembler and for linkage quality alone, as they leave:")
    for one in report.subgroups:
        yield f"  {spoken(one.kind)} ({one.column}): " + ", ".join(
            f"{spoken(code)} {records:,}" for code, records in one.records.items()
        )
        yield f"    {folded(one)}"


def folded(one: SubgroupCounts) -> str:
    """What became of rare codes, in a sentence."""
    if not one.folded:
        return f"every code that leaves is of {FEWEST} records or more, or is unknown"
    return f"of the unknown {one.folded:,} have a code that leaves with nobody: under {FEWEST} of your records have it, or it would have told which one is missing"


def searched(report: Preflight) -> Iterator[str]:
    """What the search for readable values covered and found, in sentences."""
    one = report.search
    if one is None:
        return
    yield ""
    yield (
        f"Searched {one.bytes_searched:,} bytes of {one.files} files for {one.values_searched:,} values of your file: "
        + (f"found in {one.places:,} places." if one.found else "none is in them.")
    )
    yield (
        "Each value was searched for as it stands, in capitals, in small letters, as digits alone, in two encodings, and cleaned."
        f" {one.values_short:,} values have fewer than six bytes. Any file holds such short ones by chance, so only their longer encoding was searched."
    )
    if one.values_left_out:
        yield (
            f"The values are a random sample; about {one.values_left_out:,} others were not drawn: a column that leaked would be met by those that were."
        )
    if one.bytes_passed_over:
        yield (
            f"Of large files the beginning and a random part of the rest were searched; {one.bytes_passed_over:,} bytes were passed over."
            " With --search-all every byte is searched."
        )
    yield (
        f"Sealed files look random. From {one.sure_from} bytes on, a single occurrence would stop this submission; shorter ones stop it as soon as there are"
        f" more of them than chance explains ({one.by_chance:,} were put down to chance)."
    )


def page(report: Preflight) -> str:
    """The report as an HTML page that refers to nothing outside itself and holds no script."""
    pages = Environment(
        loader=PackageLoader("service", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return pages.get_template("preflight.html").render(
        report=report,
        verdict=verdict(report),
        says=VERDICTS[verdict(report)],
        not_sealed=NOT_SEALED,
        advice=advise(report),
        stated=rounded(report.records),
        bars=[(one, _shares(one)) for one in report.identifiers],
        search=[line for line in searched(report) if line],
        total=sum(file.size or 0 for file in report.files),
        spoken=spoken,
        folded=folded,
        percent=percent,
        reasons_shown=REASONS_SHOWN,
    )


def _shares(one: IdentifierReport) -> tuple[float, float, float]:
    """How long the three parts of a bar are, of 100."""
    rows = max(one.valid + one.missing + one.invalid, 1)
    usable, refused = (round(100 * n / rows, 2) for n in (one.valid, one.invalid))
    return usable, refused, round(100 - usable - refused, 2)


def write_page(report: Preflight, *, path: Path) -> None:
    """Writes the page to the file."""
    path.write_text(page(report), encoding="utf-8")
