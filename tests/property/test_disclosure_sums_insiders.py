"""Nobody who contributes to a hidden sum can tell what another person contributed: an attacker of plain linear programs who knows one person's part tries it for everybody."""

from itertools import product

import numpy as np
import pytest
from scipy.optimize import linprog

from policies.disclosure.errors import Unsafe
from policies.disclosure.printed import Printed
from policies.disclosure.rules import TableRules
from policies.disclosure.sums import Magnitudes, attack_magnitudes, protect_magnitudes
from policies.disclosure.table import HIDDEN

TABLES = {"few people": 5, "p% alone": 11, "at most 60 each": 4, "totals rounded": 28}
"""Of these, plain complementary suppression gives away somebody's part in a tenth: 6 and 10 of the second kind, 10, 17, 22 and 27 of the last."""
SHAPES = ((4,), (2, 3), (3, 3), (2, 2, 2))
P = 0.1
MOST = 60
NEAR = 1e-5
HOW = {
    "few people": {"mode": "exact", "threshold": 3, "width": 1, "sums": {"threshold": 3}},
    "p% alone": {"mode": "exact", "threshold": 1, "width": 1, "sums": {"threshold": 1, "n": 1, "k": 1}},
    "at most 60 each": {
        "mode": "exact",
        "threshold": 3,
        "width": 1,
        "sums": {"threshold": 3, "most_per_person": MOST},
    },
    "totals rounded": {"suppress": 2, "round_to": 3, "totals": "rounded", "sums": {"threshold": 3, "step": 1}},
}


def code(place, shape):
    return tuple("Total" if n == size else f"{d}{n}" for d, n, size in zip("xyz", place, shape, strict=False))


def true_table(shape, people, rules):
    """`people`: what each contributes, by base cell."""
    found = {}
    for place in product(*(range(size + 1) for size in shape)):
        sides = ((n,) if n < size else range(size) for n, size in zip(place, shape, strict=True))
        found[code(place, shape)] = sorted((v for base in product(*sides) for v in people[base]), reverse=True)
    counts = tuple(str(len(one)) for one in found.values())
    columns = {
        "sum": tuple(str(sum(one)) for one in found.values()),
        "largest": tuple(str([*one, 0][0]) for one in found.values()),
        "second": tuple(str([*one, 0, 0][1]) for one in found.values()),
    }
    return Magnitudes(Printed("t", tuple("xyz"[: len(shape)]), tuple(found), counts, rules), columns)


def drawn(seed):
    """Mostly one person a cell or two, who contribute very different amounts."""
    rng = np.random.default_rng(seed)
    shape = SHAPES[seed % len(SHAPES)]
    return shape, {
        base: [int(one) for one in np.ceil(rng.lognormal(3, 1.2, rng.choice([0, 1, 1, 2, 3, 6])))]
        for base in product(*map(range, shape))
    }


def told(shape, people, printed, each=np.inf):
    """Pairs of people of whom one can tell the other's contribution exactly, or to within 10 % from above, from the printed sums and the own part. `each`: what one person contributes at most, as is known."""
    bases = list(product(*map(range, shape)))
    shown = dict(zip(printed.counts.codes, printed.columns["sum"], strict=True))
    equal = [
        ([all(n in (b, size) for n, b, size in zip(place, base, shape, strict=True)) for base in bases], float(one))
        for place in product(*(range(size + 1) for size in shape))
        if (one := shown[code(place, shape)]) != HIDDEN
    ]  # fmt: skip
    given = {} if not equal else {"A_eq": np.array([a for a, _ in equal], float), "b_eq": [b for _, b in equal]}
    hidden = [n for n, base in enumerate(bases) if people[base] and shown[code(base, shape)] == HIDDEN]
    found = []
    for mine in hidden:
        own = max(people[bases[mine]])
        ends = [(0.0, each * len(people[base]) if people[base] else 0.0) for base in bases]
        ends[mine] = (own, own if len(people[bases[mine]]) == 1 else ends[mine][1])
        for other in hidden:
            if other == mine:
                continue
            theirs = people[bases[other]]
            aim = np.zeros(len(bases))
            aim[other] = 1.0
            most = linprog(-aim, bounds=ends, **given)
            if most.status == 3:
                continue
            least = linprog(aim, bounds=ends, **given).fun if len(theirs) == 1 else -np.inf
            if -most.fun < min((1 + P) * max(theirs), ends[other][1]) - NEAR or -most.fun - least < NEAR:
                found.append((bases[mine], bases[other]))
    return found


@pytest.mark.parametrize("how", HOW)
def test_no_table_that_leaves_tells_anybody_about_another_person(how):
    rules = TableRules.model_validate(HOW[how])
    left = hidden = 0
    for seed in range(TABLES[how]):
        shape, people = drawn(seed)
        each = rules.sums.most_per_person or np.inf
        people = {base: [min(one, each) for one in those] for base, those in people.items()}
        try:
            printed, sides = protect_magnitudes(true_table(shape, people, rules), rules=rules)
        except Unsafe:
            continue
        if not attack_magnitudes(printed, sides=sides).safe:
            continue
        assert told(shape, people, printed, each) == [], seed
        left += 1
        hidden += sum(one == HIDDEN for one in printed.columns["sum"])
    assert left > TABLES[how] * 0.8
    assert hidden > left
