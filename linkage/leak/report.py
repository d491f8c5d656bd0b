"""The leak report: figures, verdicts on them, and one table for people to read."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from linkage.leak.controls import FAMILY, FILTERS, HASHES
from linkage.leak.measure import ATTACKS, Figures, Leak
from linkage.schema import Schema

LIMITS: Final[Mapping[str, float]] = {"a": 0.005, "b": 0.001, "c": 0.005, "d": 0.005, "e": 0.005}
# What the attacks must get right of tokens that are known to leak; below, it is the meter that is at fault.
FLOORS: Final[Mapping[str, Mapping[str, float]]] = {
    HASHES: {"a": 0.95, "b": 0.5},
    FILTERS: {"d": 0.5},
    FAMILY: {"e": 0.05},
}
MEANING: Final[Mapping[str, str]] = {
    "a": "colour refinement against an exact plaintext copy of the file: records pinned",
    "b": "the same against a register of five times as many, 20 people known: pinned beyond those",
    "c": "frequency ranks of blocks and key values: rows given the right value",
    "d": "similarity graphs inside and across blocks: rows (or values of one lane) named rightly",
    "e": "distance signatures of blocks of two and more: rows whose block is named rightly",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """One figure beside its bound. `within` is None where there was nothing to measure, or where there is no bound and the figure is only shown."""

    name: str
    attack: str
    value: float | None
    bound: float | None
    at_least: bool
    within: bool | None


@dataclass(frozen=True, slots=True)
class LeakReport:
    """What a schema leaks, beside what tokens that are known to leak do, and how well the schema links."""

    schema: str
    digest: str
    people: int
    seed: int
    leak: Leak
    controls: tuple[Figures, ...]
    accuracy: Mapping[str, Any] | None

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """All verdicts: the schema's passes, the joined passes, the controls."""
        return (*_of_passes(self.leak), *_of_controls(self.controls))

    @property
    def passed(self) -> bool:
        """Whether every figure that has a bound keeps it, every pass could be measured, and every control shows that its attack bites."""
        return all(v.within is True or (v.within is None and v.bound is None) for v in self.verdicts)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "report": "linkage-leak/v1",
            "schema": self.schema,
            "digest": self.digest,
            "people": self.people,
            "seed": self.seed,
            "records": self.leak.records,
            "records_of_file_in_b": self.leak.sample,
            "attacks": dict(MEANING),
            "limits": dict(LIMITS),
            "passes": [asdict(p) for p in self.leak.passes],
            "joined": asdict(self.leak.joined) if self.leak.joined else None,
            "controls": [asdict(c) for c in self.controls],
            "verdicts": [asdict(v) for v in self.verdicts],
            "accuracy": dict(self.accuracy) if self.accuracy is not None else None,
            "passed": self.passed,
        }


def _of_passes(leak: Leak) -> Iterator[Verdict]:
    for one in leak.passes:
        for attack, limit in LIMITS.items():
            value = one.attacks.get(attack)
            yield Verdict(
                one.name, attack, value, limit, at_least=False, within=None if value is None else value <= limit
            )
    if leak.joined is not None:
        for attack, value in leak.joined.attacks.items():
            yield Verdict(leak.joined.name, attack, value, None, at_least=False, within=None)


def _of_controls(controls: tuple[Figures, ...]) -> Iterator[Verdict]:
    for one in controls:
        for attack, floor in FLOORS[one.name].items():
            value = one.attacks.get(attack)
            yield Verdict(
                one.name, attack, value, floor, at_least=True, within=None if value is None else value >= floor
            )


def report_of(
    leak: Leak,
    *,
    schema: Schema,
    people: int,
    seed: int,
    controls: tuple[Figures, ...],
    accuracy: Mapping[str, Any] | None,
) -> LeakReport:
    """The report of what was measured."""
    return LeakReport(
        f"{schema.name} version {schema.version}", schema.digest, people, seed, leak, controls, accuracy
    )


def told(report: LeakReport) -> list[str]:
    """The report in lines: one table, what its columns mean, how well the schema links, and what is beyond its limit."""
    leak = report.leak
    name = max(len(f.name) for f in (*leak.passes, *report.controls)) + 2
    lines = [
        "",
        f"{report.schema}: {report.people:,} made-up people, {leak.records:,} records; b: a file of {leak.sample:,} of them",
        "",
    ]
    lines.append(
        f"{'':{name}}{'rows':>10}{'blocks':>10}{'alone %':>9}{'own %':>8}{'largest':>9}"
        + "".join(f"{a + ' %':>9}" for a in (*ATTACKS, "e reg"))
    )
    for one in leak.passes:
        lines.append(_row(one, name=name, limits=LIMITS))
    if leak.joined is not None:
        lines += [_row(leak.joined, name=name, limits={}), ""]
    lines.append("tokens that are known to leak, under the same attacks:")
    lines += [_row(one, name=name, limits={}) for one in report.controls]
    lines += ["", *(f"{a}  {text}; limit {100 * LIMITS[a]:g} %" for a, text in MEANING.items())]
    lines.append(
        "e reg  attack (e) with the register of (b) instead of a copy, nobody known: no limit, but shown"
    )
    lines.append(
        "alone, own: rows alone in their block, and rows that share it only with further rows of the same person"
    )
    lines.append(
        "joined: the rows of one record taken together, as linker and assembler could if they colluded; no limit, but shown"
    )
    return [*lines, "", *_accuracy(report.accuracy), *_conclusion(report)]


def _row(one: Figures, *, name: int, limits: Mapping[str, float]) -> str:
    if not one.rows:
        return f"{one.name:{name}}{0:>10}  not measured: no made-up person has what the key needs"
    cells = "".join(_cell(one.attacks.get(a), limits.get(a)) for a in ATTACKS)
    cells += _cell(one.parts.get("e_register"), None)
    shape = f"{100 * one.alone:>9.1f}{100 * one.own:>8.1f}{one.largest:>9}" if one.largest else " " * 26
    return f"{one.name:{name}}{one.rows:>10,}{one.blocks:>10,}{shape}{cells}"


def _cell(value: float | None, limit: float | None) -> str:
    if value is None:
        return f"{'-':>9}"
    mark = "!" if limit is not None and value > limit else " "
    return f"{100 * value:>8.3f}{mark}"


def _accuracy(accuracy: Mapping[str, Any] | None) -> list[str]:
    if accuracy is None:
        return []
    side = accuracy["private"]["default"]
    return [
        f"linking two agencies' files with it ({accuracy['records']:,} records, {accuracy['truth_pairs']:,} true pairs):"
        f" precision {side['precision']:.4f}, recall {side['recall']:.4f}, F1 {side['f1']:.4f}",
        "",
    ]


def _conclusion(report: LeakReport) -> list[str]:
    out = [
        f"beyond its limit: {name}: {', '.join(v.attack for v in verdicts)}"
        for name, verdicts in _failed(report, at_least=False).items()
    ]
    out += [
        f"the meter is at fault: {name} should be broken by {', '.join(v.attack for v in verdicts)}"
        for name, verdicts in _failed(report, at_least=True).items()
    ]
    unmeasured = sorted({v.name for v in report.verdicts if v.within is None and v.bound is not None})
    out += [f"{n}: could not be measured" for n in unmeasured]
    return out or ["every figure is within its limit"]


def _failed(report: LeakReport, *, at_least: bool) -> dict[str, list[Verdict]]:
    out: dict[str, list[Verdict]] = {}
    for verdict in report.verdicts:
        if verdict.within is False and verdict.at_least == at_least:
            out.setdefault(verdict.name, []).append(verdict)
    return out
