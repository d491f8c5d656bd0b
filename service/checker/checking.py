"""`linkage checker`: tables of any tool protected, and attacked as a reader would."""

import json
from collections.abc import Callable
from errno import ENOENT
from pathlib import Path
from typing import Any

from linkage.errors import BadInput
from policies.disclosure.csv_table import read_table, table_csv
from policies.disclosure.printed import Printed
from policies.disclosure.protect_table import protect_table
from policies.disclosure.reader import Attack, Bounded, Narrow, attack
from policies.disclosure.rules import TableRules, load_rules
from service.texts import read_text
from service.writing import write_whole

RULES_ENDING = ".rules.yaml"
COMMON_RULES_FILE = "rules.yaml"
MOST_TOLD = 10
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
    protected = protect_table(read_table(read_text(table), name=table.name, rules=given), rules=given).table
    result = attack(protected, earlier=released)
    if not result.safe:  # the table of an earlier report of this name must not stand beside this one
        beside.unlink(missing_ok=True)
    write_whole(out, _text(report(result, table=protected)))
    if result.safe:
        write_whole(beside, table_csv(protected))
    _tell(result, say)
    if result.safe:
        say(f"Protected table: {beside.name}")
    return result.safe


def attack_file(table: Path, *, rules: Path | None, earlier: Path | None, out: Path | None, say: Say) -> bool:
    """Whether every hidden count of the table keeps the range it has to keep.

    Raises:
        BadInput, PolicyError: a file cannot be used, or the printed numbers contradict each other.
    """
    if out is not None:
        _folder_of(out)
    given = None if rules is None else load_rules(read_text(rules), name=rules.name)
    printed = read_table(read_text(table), name=table.name, rules=given)
    result = attack(printed, earlier=_earlier(earlier))
    if out is not None:
        write_whole(out, _text(report(result, table=printed)))
    _tell(result, say)
    return result.safe


def report(result: Attack, *, table: Printed) -> dict[str, Any]:
    """The result as JSON, as docs/formats.md describes it."""
    return {
        "safe": result.safe,
        "cells": [_cell(one, table.dimensions) for one in result.cells],
        "findings": [_finding(one) for one in result.findings],
    }


def _cell(one: Bounded, dimensions: tuple[str, ...]) -> dict[str, Any]:
    facts = {"status": one.status, "value": one.value, "lower": one.lower, "upper": one.upper}
    return {**dict(zip(dimensions, one.codes, strict=True)), **facts}


def _finding(one: Narrow) -> dict[str, Any]:
    because = [{"table": p.table, "cell": dict(p.cell), "printed": p.printed} for p in one.because]
    facts = {"table": one.table, "lower": one.lower, "upper": one.upper, "because": because}
    return {**dict(zip(one.dimensions, one.codes, strict=True)), **facts}


def _earlier(folder: Path | None) -> list[Printed]:
    """Every table in the folder, in the order of their names, each with the rules of its own name or the common ones."""
    if folder is None:
        return []
    if not folder.is_dir():
        raise FileNotFoundError(ENOENT, "there is no such folder", str(folder))
    found = []
    for path in sorted(folder.glob("*.csv")):
        rules = _rules_of(path)
        found.append(read_table(read_text(path), name=path.name, rules=rules))
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


def _tell(result: Attack, say: Say) -> None:
    with_earlier = f", read with {result.tables - 1} earlier tables" if result.tables > 1 else ""
    say(f"{len(result.cells):,} cells, {result.hidden:,} hidden counts{with_earlier}.")
    if result.safe:
        say("Safe: no hidden count can be narrowed down further than the rules allow.")
        return
    say(f"Not safe: {len(result.findings):,} hidden counts can be narrowed down too far.")
    for one in result.findings[:MOST_TOLD]:
        place = ", ".join(f"{d} {c}" for d, c in zip(one.dimensions, one.codes, strict=True))
        width = f"is {one.lower}" if one.lower == one.upper else f"is {one.lower} to {one.upper}"
        say(
            f"  {one.table}: {place or 'the only cell'} {width}, because of {len(one.because)} printed numbers:"
        )
        for said in one.because:
            where = ", ".join(f"{d} {c}" for d, c in said.cell)
            say(f"    {said.table}: {where or 'the only cell'}: {said.printed}")
