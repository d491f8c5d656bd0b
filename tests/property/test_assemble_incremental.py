"""Assembled update by update or all at once: the people are the same, exactly, whenever the same pairs were scored alike."""

import runpy
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

C = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "assembler_centre.py")))
PARTNERS = ("health", "police", "schools")
SCORES = (0.02, 0.5, 0.85, 0.86, 0.9, 0.97, 0.999, 0.9999999)


@st.composite
def steps(draw: st.DrawFn) -> list[tuple[str, str, frozenset[int], frozenset[int], frozenset[int]]]:
    """Updates, and now and then a withdrawal or a whole submission. Which records they concern is settled when they are played."""
    some = st.frozensets(st.integers(0, 9), max_size=3)
    kinds = st.sampled_from(["update"] * 6 + ["whole", "withdraw"])
    return draw(st.lists(st.tuples(kinds, st.sampled_from(PARTNERS), some, some, some), min_size=1, max_size=4))


def play(centre: Any, step: tuple[str, str, frozenset[int], frozenset[int], frozenset[int]]) -> None:
    kind, partner, new, other, away = step
    here = set(centre.records.get(partner, {}))
    if kind == "withdraw" and len(centre.records) > 1:
        centre.withdraw(partner)
    elif kind == "whole" or not here:
        centre.submit(partner, {n: n % 2 for n in new | other | {1}})
    else:
        delete = away & here
        centre.update(partner, add=set(new - here), replace=set((other & here) - delete), delete=set(delete))


def world(root: Path, seed: int, *, density: int, deduplicated: frozenset[str]) -> Any:
    def score(key: str, a: Any, b: Any) -> tuple[float, bool] | None:
        drawn = C.number_of(seed, key, *sorted([a, b]))
        met = drawn % 10 < density
        return (SCORES[drawn // 10 % len(SCORES)], drawn // 100 % 12 == 0) if met else None

    def rows(key: str, record: Any) -> bool:
        return bool(C.number_of(seed, "stands", key, *record) % 8)

    return C.Centre(root, score, rows, deduplicated=deduplicated)


@settings(deadline=None, max_examples=25, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(
    steps(),
    st.integers(0, 10_000),
    st.integers(1, 6),
    st.booleans(),
    st.sampled_from([frozenset[str](), frozenset({"police"}), frozenset(PARTNERS)]),
)
def test_updates_form_the_people_that_a_full_run_on_the_final_state_forms(
    played: list[Any], seed: int, density: int, every_time: bool, deduplicated: frozenset[str]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        centre = world(Path(folder), seed, density=density, deduplicated=deduplicated)
        for partner in PARTNERS[1:]:
            centre.submit(partner, set(range(6)))
        centre.link()
        made = centre.assemble()
        for step in played:
            play(centre, step)
            centre.link(extend=True)
            if every_time:
                made = centre.assemble()
        made = centre.assemble()
        assert made.kept.standing.here.sum() == len(centre.everybody)
        at_once = centre.assemble("at-once")
        assert not at_once.extended
        centre.link(into=centre.root / "full")
        full = centre.assemble("full", centre.root / "full")
        assert C.partition(made.kept) == C.partition(at_once.kept) == C.partition(full.kept)
        for one in (at_once, full):
            assert told(one.kept) == told(made.kept)


def told(kept: Any) -> dict[Any, tuple[int, int]]:
    """What is told of the person of each record."""
    s = kept.standing
    return {
        (s.partners[s.partner[n]], bytes(s.record_ref[n])): (int(s.marks[n]), int(s.band[n]))
        for n in range(len(s.told))
        if s.here[n]
    }


@settings(deadline=None, max_examples=25, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(steps(), st.integers(0, 10_000), st.integers(1, 6), st.booleans())
def test_every_id_stays_is_told_or_is_new(played: list[Any], seed: int, density: int, again: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        centre = world(Path(folder), seed, density=density, deduplicated=frozenset())
        for partner in PARTNERS[1:]:
            centre.submit(partner, set(range(6)))
        centre.link()
        before = C.people_in(centre.assemble().kept)
        ever = set(before.values())
        for step in played:
            play(centre, step)
            centre.link(extend=not again)
            made = centre.assemble()
            after = C.people_in(made.kept)
            moved = {
                (before[r], after[r]): sum(before[q] == before[r] and after[q] == after[r] for q in before.keys() & after.keys())
                for r in before.keys() & after.keys()
                if before[r] != after[r]
            }  # fmt: skip
            counted = {(e.before, e.after): e.records for e in made.events if e.kind != "ended"}
            assert counted == moved
            ended = {e.before for e in made.events if e.kind == "ended"}
            left = {before[r] for r in before.keys() - after.keys()}
            staying = {before[r] for r in before.keys() & after.keys()}
            assert ended == left - staying
            for event in made.events:
                assert (event.kind == "merged") == (
                    event.after != "" and event.before not in set(after.values())
                )
                assert (event.kind == "split") == (event.after not in ever and event.after != "")
            new = set(after.values()) - set(before.values())
            assert not new & ever
            ever |= new
            before = after
