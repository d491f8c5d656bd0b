"""`linkage checker`: tables of any tool protected, and attacked as a reader would."""

import json
from collections.abc import Callable
from errno import ENOENT
from pathlib import Path
from typing import Any, Literal

from linkage.errors import BadInput
from policies.disclosure.csv_table import magnitudes_csv, read_magnitudes
from policies.disclosure.errors import Unsafe
from policies.disclosure.protect_table import protect_table
from policies.disclosure.reader import Attack, Bounded, Narrow, attack
from policies.disclosure.rules import TableRules, load_rules
from policies.disclosure.sums import (
    COUNT,
    SUM,
    Magnitudes,
    Measured,
    Result,
    Told,
    attack_every_sum,
    protect_magnitudes,
)
from policies.disclosure.sums.beside import attack_with_insiders, printed_alone
from policies.disclosure.sums.each import PER_PERSON
from policies.disclosure.sums.magnitudes import LARGEST, SECOND
from policies.disclosure.sums.telling import Sides
from service.texts import read_text
from service.writing import write_whole

RULES_ENDING = ".rules.yaml"
COMMON_RULES_FILE = "rules.yaml"
MOST_TOLD = 10
TO_PROTECT = (SUM, LARGEST, SECOND)
NOT_LOOKED_AT = (
    "What people inside the table could work out about each other was not looked at: for that the file also has to give the largest and second largest contributions "
    "(`largest`, `second`), and the true numbers where they are hidden (`true_count`, `true_sum`)."
)
TELLS = "few people contribute to it, or one or two nearly everything, so it tells too much of them, and most to each other: hide it"
Insiders = Literal["looked at", "not looked at"]
Say = Callable[[str], None]


def protect_file(table: Path, *, rules: Path, earlier: Path | None, out: Path, say: Say) -> bool:
    """Whether the table is safe as its rules print it. If it is, it stands beside the report; if not, the report stands alone and says why.

    Raises:
        BadInput, PolicyError: a file cannot be used, or no choice of cells protects the table.
    """
    _folder_of(out)
    beside = out.with_suffix(".csv")
    if beside == out or beside.resolve() == table.resolve():
        raise BadInput(
            f"{out.name}: the protected table is written beside it as {beside.name}: name the report otherwise"
        )
    given = load_rules(read_text(rules), name=rules.name)
    released = _earlier(earlier)
    if beside.exists() and not out.exists():
        raise BadInput(
            f"{beside.name} exists already, and the protected table would replace it: name the report otherwise"
        )
    read = read_magnitudes(read_text(table), name=table.name, rules=given)
    protected, sides = _protected(read, rules=given, earlier=released)
    result = _attacked(protected, earlier=released, sides=sides)
    insiders = _insiders(result, looked_at=True)
    if not result.safe:  # the table of an earlier report of this name must not stand beside this one
        beside.unlink(missing_ok=True)
    write_whole(out, _text(report(result, table=protected, insiders=insiders)))
    if result.safe:
        write_whole(beside, magnitudes_csv(protected))
    _tell(result, say, insiders=insiders)
    if result.safe:
        say(f"Protected table: {beside.name}")
    return result.safe


def attack_file(table: Path, *, rules: Path | None, earlier: Path | None, out: Path | None, say: Say) -> bool:
    """Whether every hidden number of the table keeps the range it has to keep.

    Raises:
        BadInput, PolicyError: a file cannot be used, or the printed numbers contradict each other.
    """
    if out is not None:
        _folder_of(out)
    given = None if rules is None else load_rules(read_text(rules), name=rules.name)
    printed = read_magnitudes(read_text(table), name=table.name, rules=given)
    known, released = LARGEST in printed.columns, _earlier(earlier)
    result = attack_with_insiders(printed, earlier=released) if known else _attacked(printed, earlier=released)
    insiders = _insiders(result, looked_at=known)
    if out is not None:
        write_whole(out, _text(report(result, table=printed, insiders=insiders)))
    _tell(result, say, insiders=insiders)
    return result.safe


def _insiders(result: Attack | Result, *, looked_at: bool) -> Insiders | None:
    """Whether it was looked at what people inside the table could work out; None where it has no sums, for which that is asked."""
    if not isinstance(result, Result) or SUM not in result.hidden:
        return None
    return "looked at" if looked_at else "not looked at"


def _protected(table: Magnitudes, *, rules: TableRules, earlier: list[Magnitudes]) -> tuple[Magnitudes, Sides]:
    """The table as its rules print it, with what is demanded besides of sums that tell too much."""
    if others := [one for one in table.columns if one not in TO_PROTECT]:
        raise BadInput(
            f"{table.counts.name}, row 1, column {others[0]}: a table to be protected has {', '.join((COUNT, *TO_PROTECT))}, and what is printed is made of these: take the column out"
        )
    if table.columns:
        return protect_magnitudes(table, rules=rules)
    try:
        counts = protect_table(table.counts, rules=rules, earlier=[one.counts for one in earlier])
    except Unsafe:
        if not earlier:
            raise
        counts = protect_table(table.counts, rules=rules)  # the attack tells which earlier numbers give it away
    return Magnitudes(counts.table, {}), {}


def _attacked(table: Magnitudes, *, earlier: list[Magnitudes], sides: Sides | None = None) -> Attack | Result:
    """Counts alone are attacked as whole people; where some table has sums, all are attacked together."""
    if any(one.columns for one in (table, *earlier)):
        return attack_every_sum(table, earlier=earlier, sides=sides)
    return attack(table.counts, earlier=[one.counts for one in earlier])


def report(result: Attack | Result, *, table: Magnitudes, insiders: Insiders | None = None) -> dict[str, Any]:
    """The result as JSON, as docs/formats.md describes it."""
    return {
        "safe": result.safe,
        **({} if insiders is None else {"insiders": insiders}),
        "cells": [_cell(one, table.counts.dimensions) for one in result.cells],
        "findings": [_finding(one) for one in result.findings],
    }


def _cell(one: Bounded | Measured, dimensions: tuple[str, ...]) -> dict[str, Any]:
    facts = {"status": one.status, "value": one.value, "lower": one.lower, "upper": one.upper}
    return {**dict(zip(dimensions, one.codes, strict=True)), **_measure(one), **facts}


def _finding(one: Narrow | Told) -> dict[str, Any]:
    because = [
        {"table": p.table, "cell": dict(p.cell), **_measure(p), "printed": p.printed} for p in one.because
    ]
    facts = {"table": one.table, "lower": one.lower, "upper": one.upper, "because": because}
    known_to = _known_to(one)
    inside = {"known_to": dict(zip(one.dimensions, known_to, strict=True))} if known_to else {}
    return {
        **dict(zip(one.dimensions, one.codes, strict=True)),
        **_measure(one),
        **facts,
        **inside,
        "settled": one.settled,
    }


def _measure(one: object) -> dict[str, str]:
    """Which number of a cell is meant, in tables that have several."""
    measure = getattr(one, "measure", None)
    return {} if measure is None else {"measure": measure}


def _known_to(one: Narrow | Told) -> tuple[str, ...]:
    """The cell whose contributors alone, or most of all, can tell this."""
    return one.known_to or () if isinstance(one, Told) else ()


def _earlier(folder: Path | None) -> list[Magnitudes]:
    """Every table in the folder, in the order of their names, each with the rules of its own name or the common ones."""
    if folder is None:
        return []
    if not folder.is_dir():
        raise FileNotFoundError(ENOENT, "there is no such folder", str(folder))
    found = []
    for path in sorted(folder.glob("*.csv")):
        rules = _rules_of(path)
        found.append(printed_alone(read_magnitudes(read_text(path), name=path.name, rules=rules)))
    if not found:
        raise BadInput(f"{folder.name}: no table in it: earlier releases are files that end in .csv")
    return found


def _rules_of(path: Path) -> TableRules | None:
    for rules in (path.with_name(path.stem + RULES_ENDING), path.with_name(COMMON_RULES_FILE)):
        if rules.is_file():
            return load_rules(read_text(rules), name=rules.name)
    return None


def _folder_of(out: Path) -> None:
    if not out.parent.is_dir():
        raise FileNotFoundError(ENOENT, "there is no such folder", str(out.parent))


def _text(body: dict[str, Any]) -> str:
    return json.dumps(body, indent=1, ensure_ascii=False) + "\n"


def _tell(result: Attack | Result, say: Say, *, insiders: Insiders | None) -> None:
    with_earlier = f", read with {result.tables - 1} earlier tables" if result.tables > 1 else ""
    hidden = result.hidden if isinstance(result, Result) else {COUNT: result.hidden}
    told = " and ".join(f"{number:,} hidden {measure}s" for measure, number in hidden.items())
    kind = "number" if SUM in hidden else COUNT
    cells = len(result.cells) // len({*map(_name, result.cells)})
    say(f"{cells:,} cells, {told}{with_earlier}.")
    if insiders == "not looked at":
        say(NOT_LOOKED_AT)
    if result.safe:
        say(f"Safe: no hidden {kind} can be narrowed down further than the rules allow.")
        return
    printed = sum(_known_to(one) == one.codes != () for one in result.findings)
    if narrowed := len(result.findings) - printed:
        say(f"Not safe: {narrowed:,} hidden {kind}s can be narrowed down too far.")
    if printed:
        say(f"Not safe: {printed:,} sums are printed that tell too much about few people.")
    for one in result.findings[:MOST_TOLD]:
        width = f"is {one.lower}" if one.lower == one.upper else f"is {one.lower} to {one.upper}"
        if not one.settled:
            say(
                f"  {one.table}: {_place(one.dimensions, one.codes)}{_name(one)}: not settled, so not known to be safe"
            )
            for said in one.because:
                place = _place(tuple(d for d, _ in said.cell), tuple(c for _, c in said.cell))
                say(f"    take out, or round, {said.table}: {place}{_name(said)}: {said.printed}")
            continue
        known_to = _known_to(one)
        if known_to == one.codes != ():
            say(f"  {one.table}: {_place(one.dimensions, one.codes)}{_name(one)} is printed: {TELLS}")
            continue
        who = f", known to whoever contributes most to {_place(one.dimensions, known_to)}" if known_to else ""
        say(
            f"  {one.table}: {_place(one.dimensions, one.codes)}{_name(one)} {width}{who}, because of {len(one.because)} printed numbers:"
        )
        for said in one.because:
            place = _place(tuple(d for d, _ in said.cell), tuple(c for _, c in said.cell))
            cell = "everybody" if _measure(said).get("measure") == PER_PERSON else place
            say(f"    {said.table}: {cell}{_name(said)}: {said.printed}")


def _place(dimensions: tuple[str, ...], codes: tuple[str, ...]) -> str:
    return ", ".join(f"{d} {c}" for d, c in zip(dimensions, codes, strict=True)) or "the only cell"


def _name(one: object) -> str:
    return "".join(f" ({measure})" for measure in _measure(one).values())
