"""The demonstration's story: what happened, in a few lines for the terminal and as a page with pictures."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from policies.decision import Decision
from policies.disclosure import HIDDEN
from policies.explain import explain
from service.demonstration.pictures import bars, calibration_plot, heat_table, journey

SHOWN: Final = 6


@dataclass(frozen=True, slots=True)
class Story:
    """What happened, for the terminal and the page."""

    people: int
    seed: int
    records: dict[str, int]
    found: int
    known: int
    quality: dict[str, Any]
    calibration: list[Any]
    refused: Decision
    allowed: Decision
    table: tuple[tuple[str, ...], ...]
    hidden: int
    cells: int
    release: str
    events: int
    witnesses: int
    seconds: float
    policy: tuple[str, ...]
    sizes: dict[int, int]

    @property
    def digest(self) -> str:
        """SHA-256 over everything that the same seed must give again."""
        facts = {
            "records": self.records, "found": self.found, "quality": self.quality, "table": self.table,
            "refused": explain(self.refused), "allowed": explain(self.allowed), "events": self.events,
        }  # fmt: skip
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def told(story: Story, out: Path) -> list[str]:
    """The story in a few lines that a newcomer understands."""
    score = story.quality["default"]
    shown = [line for line in story.table[1:] if "All" not in line[:-1]]
    some = next((at for at, line in enumerate(shown) if line[-1] == HIDDEN), 0)
    start = max(0, min(some - 3, len(shown) - SHOWN))
    wide = [max(len(line[at]) for line in shown) for at in range(len(shown[0]))]
    printed = [
        "  ".join(f"{cell:<{w}}" for cell, w in zip(line[:-1], wide, strict=False)) + f"  {line[-1]:>6}"
        for line in shown
    ]
    return [
        "",
        f"Records in:      {sum(story.records.values()):,} from {len(story.records)} agencies. No name left any of them.",
        f"People found:    {story.found:,} ({story.known:,} in truth). Of the pairs linked {score['precision']:.1%} are right, and {score['recall']:.1%} of all true pairs were found.",
        f"Table released:  {story.cells} cells, {story.hidden} of them hidden: pupils of 10 to 17 by age, suspended?, arrested for violence?",
        *(f"                 {line}" for line in printed[start : start + SHOWN]),
        "Request refused: rows of single people. " + (_offer(story.refused)),
        f"Log:             {story.events} events, every one verified; {story.witnesses} partners cosigned the checkpoint.",
        f"Digest:          {story.digest[:16]} (the same whenever the seed is {story.seed})",
        f"Took {story.seconds:.0f} s. Open {out / 'index.html'}",
    ]


def _offer(decision: Decision) -> str:
    return (
        "Nearest allowed: " + " ".join(decision.alternative.words)
        if decision.alternative
        else "No near alternative."
    )


def write_page(root: Path, story: Story) -> None:
    """The story as one page, `index.html`, that refers to nothing outside itself."""
    pages = Environment(
        loader=PackageLoader("service", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = pages.get_template("demo.html").render(
        story=story,
        score=story.quality["default"],
        best=story.quality["best"],
        clusters=story.quality["clusters"],
        refused=explain(story.refused),
        allowed=explain(story.allowed),
        offer=story.refused.alternative.words if story.refused.alternative else (),
        journey=journey(),
        records=bars(story.records, unit="records"),
        sizes=bars(
            {f"{n} records" if n > 1 else "1 record": c for n, c in story.sizes.items() if n <= 8},
            unit="people",
        ),
        calibration=calibration_plot(story.calibration),
        table=heat_table(story.table),
        total=sum(story.records.values()),
    )
    (root / "index.html").write_text(page, encoding="utf-8")
