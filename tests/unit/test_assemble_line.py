"""The line of a linkage is found when all is put together, kept with who is who, and gone by until all is put together again."""

import json
import runpy
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from keys import sign_note
from linkage.central.assembly.keeping import Assembled, assemble
from linkage.central.assembly.kept import NOTE_NAME
from linkage.central.report.calibration import LINE, Line, default_threshold
from linkage.central.report.own_line import PassScores
from linkage.errors import BadSubmission

C = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "assembler_centre.py")))
ITS: Line = Line(offset=-0.6, slope=1.08)


def alike(key: str, a: Any, b: Any) -> tuple[float, bool] | None:
    """Records of one name are very likely one person; those whose names differ by one may be, if one asks the second pass."""
    return {0: (0.99, False), 1: (0.4 if key == "born" else 0.7, False)}.get(abs(a[1] - b[1]))


@pytest.fixture
def centre(tmp_path: Path) -> Any:
    made = C.Centre(tmp_path, alike)
    made.submit("police", set(range(0, 12)))
    made.submit("schools", set(range(0, 20, 2)))
    made.link()
    return made


def asked(_: Sequence[PassScores]) -> Line:
    raise AssertionError("an update has no line of its own")


def assembled(centre: Any, line: Any, name: str = "people") -> Assembled:
    terms = replace(centre.terms(), line=line, threshold=lambda pairs: default_threshold(pairs.probability))
    return assemble(
        centre.place(name),
        reader=centre.reader,
        runs=centre.runs(),
        manifests=centre.manifests,
        terms=terms,
    )


def said(made: Assembled) -> dict[Any, float]:
    s = made.kept.standing
    names = [(s.partners[s.partner[n]], bytes(s.record_ref[n])) for n in range(len(s.partner))]
    return {
        frozenset({names[a], names[b]}): p
        for a, b, p in zip(s.pairs.left, s.pairs.right, s.pairs.probability.tolist(), strict=True)
    }


def test_the_line_is_found_from_what_every_pass_says_of_every_pair(centre: Any) -> None:
    heard: list[PassScores] = []

    def listen(passes: Sequence[PassScores]) -> Line:
        heard.extend(passes)
        return ITS

    made = assembled(centre, listen)
    assert len(heard) == len(C.PASSES)
    assert {tuple(np.unique(one.probability).tolist()) for one in heard} == {(0.4, 0.99), (0.7, 0.99)}
    assert len(heard[0].pair) == len(set(heard[0].pair.tolist())) == len(made.kept.standing.pairs.left)
    assert set(said(made).values()) == set(ITS(np.array([0.7, 0.99])).tolist())


def test_the_line_is_kept_and_updates_go_by_it(centre: Any) -> None:
    assert assembled(centre, lambda _: ITS).kept.line == ITS
    assert centre.place().read().line == ITS
    centre.update("schools", add={3, 9}, replace={8}, delete={16})
    centre.link(extend=True)
    made = assembled(centre, asked)
    assert made.extended
    assert made.kept.line == centre.place().read().line == ITS
    full = assembled(centre, lambda _: ITS, "at-once")
    assert not full.extended
    assert said(made) == said(full)
    assert C.partition(made.kept) == C.partition(full.kept)


def test_when_all_is_put_together_again_so_is_the_line(centre: Any) -> None:
    assembled(centre, lambda _: ITS)
    centre.update("schools", add={3})
    centre.link()
    made = assembled(centre, lambda _: Line(-0.9, 1.0))
    assert not made.extended
    assert centre.place().read().line == Line(-0.9, 1.0)


def rewritten(centre: Any, calibration: str) -> None:
    path = centre.place().folder / NOTE_NAME
    first, _, body = path.read_text("utf-8").partition("\n")
    value = json.loads(body.partition("\n\n")[0]) | {"calibration": calibration}
    text = f"{first}\n{json.dumps(value, indent=1, sort_keys=True)}\n"
    path.write_text(sign_note(text, by=C.ASSEMBLER), "utf-8")


def test_what_was_kept_before_linkages_had_lines_is_carried_on_by_the_general_one(centre: Any) -> None:
    assembled(centre, lambda _: LINE)
    rewritten(centre, "log odds x 1 -1.15")
    assert centre.place().read().line == LINE
    centre.update("schools", add={3})
    centre.link(extend=True)
    made = assembled(centre, asked)
    assert made.extended
    assert set(said(made).values()) == set(LINE(np.array([0.7, 0.99])).tolist())


def test_a_line_that_cannot_be_read_is_not_made_up(centre: Any) -> None:
    assembled(centre, lambda _: ITS)
    rewritten(centre, "in some other way")
    with pytest.raises(BadSubmission, match="another version made it"):
        centre.place().read()
