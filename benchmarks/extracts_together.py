"""How long it takes to find out whether groups of several extracts can be taken off each other. `python benchmarks/extracts_together.py`"""

import argparse
import time

import numpy as np

from policies.disclosure import Unsafe
from policies.disclosure.extracts import Joins
from policies.disclosure.extracts.taken_off import refuse_taken_off


def drawn(people: int, *, groups: int, values: int, share: float, random: np.random.Generator) -> Joins:
    """An extract on a random share of these people, by a group that everybody has in every extract alike."""
    of = np.random.default_rng(people)
    group, value = of.integers(0, groups, people), of.integers(0, values, people)
    some = np.flatnonzero(random.random(people) < share)
    return Joins(
        ("age",),
        {f"person-{n}": int(group[n]) for n in some},
        {"found": {f"person-{n}": str(value[n]) for n in some}},
    )


def main() -> None:
    """One line for each extract: CPU seconds, and whether it was refused."""
    given = argparse.ArgumentParser()
    given.add_argument("--people", type=int, default=3_000)
    given.add_argument("--groups", type=int, default=12)
    given.add_argument("--values", type=int, default=4)
    given.add_argument("--share", type=float, default=0.5)
    given.add_argument("--extracts", type=int, default=8)
    its = given.parse_args()
    random, earlier = np.random.default_rng(1), dict[str, Joins]()
    for number in range(its.extracts):
        new = drawn(its.people, groups=its.groups, values=its.values, share=its.share, random=random)
        start, answer = time.process_time(), "let out"
        try:
            refuse_taken_off(new, earlier=earlier, k=10, l=2)
        except Unsafe:
            answer = "refused"
        print(f"{number} earlier: {time.process_time() - start:6.2f} s of CPU, {answer}")
        earlier[f"release-{number}"] = new


if __name__ == "__main__":
    main()
