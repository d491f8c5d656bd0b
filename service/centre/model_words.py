"""A linkage model in words: what is compared in which pass, how much each agreement weighs, where each number comes from, and what is doubtful."""

import json
from dataclasses import dataclass
from math import log2
from pathlib import Path
from typing import Any, Final

from linkage.central.pairs.model import Model, PassModel, read_model
from linkage.errors import BadInput
from service.shared import read_project

SOURCES: Final = {
    "passes": "all passes together",
    "pass": "this pass",
    "partners": "the partners' own random pairs",
    "prior": "the prior",
}


@dataclass(frozen=True, slots=True)
class Said:
    """A model as lines of text, and the model itself."""

    model: Model
    lines: tuple[str, ...]

    def as_json(self) -> str:
        """The model's digest and its document."""
        body: dict[str, Any] = json.loads(self.model.to_json().partition("\n")[2])
        return json.dumps({"digest": self.model.digest, **body}, indent=1)


def model_words(file: Path, *, shared: Path) -> Said:
    """The model in the file, said in words.

    Raises:
        BadInput: there is no such file.
        BadModel: it is no model of this project's schema.
    """
    if not file.is_file():
        raise BadInput(f"there is no {file.name}: name the model.json in the linker's folder")
    model = read_model(file.read_text("utf-8"), schema=read_project(shared).schema)
    return Said(model, tuple(_lines(model)))


def _lines(model: Model) -> list[str]:
    out = [
        f"Model {model.digest[:12]}: {len(model.passes)} passes, {sum(p.pairs for p in model.passes):,} pairs compared ({model.link_type.replace('_', ' ')}).",
        f"Compared: {', '.join(model.held)}.",
    ]
    out += [f"Warning: {sentence}" for sentence in model.warnings] or [
        "It rests on pairs enough; nothing to warn of."
    ]
    for one in model.passes:
        out += ["", *_pass(one)]
    return out


def _pass(one: PassModel) -> list[str]:
    share, relatives = f"{one.prior:.1%}", sum(one.relatives.values())
    out = [
        f"{one.key}: {one.pairs:,} pairs share it, of which about {one.matches:,.0f} match; the share of matches is put at {share}, that of relatives at {relatives:.1%}."
    ]
    for lane in one.lanes:
        weights = [log2(m / u) for m, u in zip(one.m[lane.lane], one.u[lane.lane], strict=True)]
        levels = ", ".join(
            f"{label} {weight:+.1f}" for label, weight in zip((*lane.labels, "different"), weights, strict=True)
        )
        learnt = one.learnt[lane.lane]
        pairs = f" ({learnt.m_pairs:,.0f} matches)" if learnt.m != "prior" else ""
        out.append(
            f"  {lane.lane}: {levels} bits; how often matches agree is from {SOURCES[learnt.m]}{pairs}, strangers from {SOURCES[learnt.u]}"
        )
    return out
