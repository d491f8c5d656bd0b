"""What match keys reach and what they cost, and a search for them: `python benchmarks/match_keys.py FOLDER [SCHEMA.yaml] [--search]`.

FOLDER holds one folder a data set, as for `quality.py`; SCHEMA is a linkage schema, the default one where none is given. All is measured on
cleaned values, before any token. Tables: the share of true pairs that share a match key (the ceiling of recall), for each set, and with a third of each file
left out; for each key, the pairs that no other key finds, its rows a record, its candidate pairs a true pair, and its blocks on 100,000
made-up people. `--search` chooses keys as `match_keys_search.py` says: on all sets, and on all but one, reported on that one.
"""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from match_keys_people import Measured, People, made_up, sets
from match_keys_search import (
    CANDIDATES,
    CROWDED,
    CROWDED_EMAIL,
    Key,
    Table,
    candidates,
    search,
    tabulate,
    views,
)

from linkage.schema import default_schema, load_schema

SHARED = 24  # records of a file that may share a value here, however few the schema lets stay in a pass
FULL_FILE = "nhs"  # the made-up agency whose file holds name, date, sex, postcode, address and NHS number
MIDDLE = (
    "police",
    "schools",
    "youth-offending",
)  # those that write middle names, and have no NHS number in common


def main() -> None:
    words = [w for w in sys.argv[1:] if not w.startswith("--")]
    folder, given = Path(words[0]), words[1:]
    schema = load_schema(Path(given[0]).read_text("utf-8")) if given else default_schema()
    most = SHARED
    seen = [*sets(folder), made_up(20_000, name="made-up", seed=3)]
    large = made_up(100_000, name="made-up, 100,000", seed=11)
    if "--search" in sys.argv:
        choose(seen, large, most=most)
    else:
        show(schema.keys, [*seen, large], [*sets(folder, kept=2 / 3)], most=most)


def show(keys: Mapping[str, Key], seen: Sequence[People], thinned: Sequence[People], *, most: int) -> None:
    """Prints ceilings, what each key adds, and what it costs; the last of `seen` is where blocks are counted."""
    measured = {p.name: {n: p.measure(k, most=most) for n, k in keys.items()} for p in seen}
    print(
        "| set | true pairs | ceiling | ceiling, a third left out | candidate pairs a true pair | rows a record |"
    )
    print("|---|---|---|---|---|---|")
    for people in seen:
        found = measured[people.name]
        less = next((t for t in thinned if t.name == people.name), None)
        thin = f"{ceiling([less.measure(k, most=most) for k in keys.values()]):.4f}" if less else ""
        print(
            f"| {people.name} | {len(people.pairs):,} | {ceiling(found.values()):.4f} | {thin} "
            f"| {sum(m.candidates for m in found.values()):.1f} | {sum(m.rows[-1] for m in found.values()):.1f} |"
        )
    large = measured[seen[-1].name]
    full = 1  # the second agency's file is the full one
    print(
        f"\n{len(keys)} passes; {sum(m.rows[full] for m in large.values()):.1f} rows a record of the file of {FULL_FILE}"
    )
    blocks = np.concatenate([m.blocks for m in large.values()])
    shares = [(blocks == n).sum() * n / blocks.sum() for n in (1, 2)]
    print(
        f"rows alone in their block {shares[0]:.4f}, two {shares[1]:.4f}, three or more {1 - sum(shares):.4f}; largest {blocks.max()}\n"
    )
    names = " | ".join(f"only here: {p.name}" for p in seen)
    print(f"| key | parts | {names} | rows | candidates | in blocks of 3+ | mean block |")
    print("|---" * (len(seen) + 6) + "|")
    for name, key in keys.items():
        alone = [only(measured[p.name], name) for p in seen]
        cost = large[name]
        print(
            f"| {name} | {' + '.join(key)} | {' | '.join(map(str, alone))} | {cost.rows[-1]:.2f} | {cost.candidates:.2f} "
            f"| {cost.crowded:.4f} | {cost.mean_block:.3f} |"
        )


def ceiling(measured: Iterable[Measured]) -> float:
    """The share of true pairs that some key finds."""
    return float(np.logical_or.reduce([m.found for m in measured]).mean())


def only(measured: Mapping[str, Measured], name: str) -> int:
    """How many true pairs this key alone finds."""
    others = np.logical_or.reduce([m.found for n, m in measured.items() if n != name])
    return int((measured[name].found & ~others).sum())


def choose(seen: Sequence[People], large: People, *, most: int) -> None:
    """Prints the keys that the search finds on all sets, and on all but each one, with the ceilings."""
    learnt = [*seen, made_up(60_000, name="made-up, middle names", seed=5, agencies=MIDDLE)]
    keys = list(candidates())
    rows = np.array([learnt[-2].measure(k, most=most).rows[-1] for k in keys])
    tables = {p.name: tabulate(p, keys, most=most) for p in learnt}
    allowed = rare(keys, large, most=most)
    print(f"{len(keys)} candidates; all of them together: {ceilings(tables, range(len(keys)))}")
    for left_out in (None, *(p.name for p in learnt if not p.name.startswith("made-up"))):
        chosen = search(views([t for n, t in tables.items() if n != left_out]), rows, allowed=allowed)
        print(
            f"\nleft out: {left_out}; {len(chosen)} keys, {rows[chosen].sum():.1f} rows a record; {ceilings(tables, chosen)}"
        )
        for one in chosen:
            print(f"  {' + '.join(keys[one])}")


def ceilings(tables: Mapping[str, Table], chosen: Sequence[int]) -> str:
    """The ceilings of these candidates, in words."""
    return ", ".join(f"{n} {t.finds[list(chosen)].any(axis=0).mean():.4f}" for n, t in tables.items())


def rare(keys: Sequence[Key], large: People, *, most: int) -> Callable[[int], bool]:
    """Whether a candidate is rare enough on the large set; each is measured once, when it is asked for."""
    known: dict[int, bool] = {}

    def allowed(one: int) -> bool:
        if one not in known:
            cost = large.measure(keys[one], most=most)
            bound = CROWDED_EMAIL if any(p.startswith("email") for p in keys[one]) else CROWDED
            known[one] = cost.crowded <= bound and cost.candidates <= CANDIDATES
        return known[one]

    return allowed


if __name__ == "__main__":
    main()
