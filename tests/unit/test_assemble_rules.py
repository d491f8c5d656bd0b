"""Scored pairs become people by the documented rules: chains part where they are weakest, contradictions part what little holds, and draws do not matter."""

from itertools import combinations
from typing import Any

import numpy as np
import pytest

from linkage.central.assembly.grouping import Mark
from linkage.central.assembly.pairs import ScoredRecords
from linkage.central.assembly.people import Linkage, doubt_of, people_of
from linkage.central.assembly.records import Records
from linkage.central.assembly.rules import LARGE

PARTNERS = ("council", "nhs", "police", "schools")


def people(
    pairs: dict[tuple[int, int], float],
    *,
    partners: str,
    conflicts: set[tuple[int, int]] = frozenset(),  # type: ignore[assignment]
    deduplicated: set[str] = frozenset(),  # type: ignore[assignment]
) -> Linkage:
    """`partners` has the first letter of each record's partner, in order."""
    letters = [p[0] for p in PARTNERS]
    records = Records(
        PARTNERS,
        np.array([letters.index(p) for p in partners], dtype=np.int64),
        np.arange(16 * len(partners), dtype=np.uint32).astype(np.uint8).reshape(-1, 16),
    )
    left, right = np.array(list(pairs), dtype=np.int64).reshape(-1, 2).T
    return people_of(
        ScoredRecords(
            left,
            right,
            np.array(list(pairs.values()), dtype=np.float64),
            np.array([p in conflicts for p in pairs], dtype=np.bool_),
        ),
        records=records,
        threshold=0.85,
        deduplicated=deduplicated,
    )


def sets(linkage: Linkage) -> list[list[int]]:
    return sorted(np.flatnonzero(linkage.person == n).tolist() for n in range(linkage.people))


def every(members: range | list[int], score: float) -> dict[tuple[int, int], float]:
    return dict.fromkeys(combinations(members, 2), score)


def test_records_that_were_all_found_alike_are_one_person() -> None:
    assert sets(people(every(range(4), 0.86), partners="cnps")) == [[0, 1, 2, 3]]


def test_a_pair_at_the_threshold_is_linked_and_one_below_is_not() -> None:
    assert sets(people({(0, 1): 0.85, (1, 2): 0.8499}, partners="cnp")) == [[0, 1], [2]]


def test_a_chain_parts_at_its_weakest_tie() -> None:
    ties = every([0, 1, 2], 0.999) | every([3, 4, 5], 0.999) | {(2, 3): 0.95}
    linkage = people(ties, partners="cnpcnp")
    assert sets(linkage) == [[0, 1, 2], [3, 4, 5]]
    assert (linkage.group == linkage.group[0]).all()
    assert all(linkage.marks & Mark.PARTED)
    doubt = doubt_of(linkage)
    assert (doubt.groups_parted, doubt.pairs_overruled, doubt.to_look_at) == (1, 1, 0)


def test_a_chain_of_certain_ties_between_single_records_holds_and_is_shown_to_hang_by_one_tie() -> None:
    linkage = people({(0, 1): 1.0, (1, 2): 1.0, (2, 3): 1.0}, partners="cnps")
    assert sets(linkage) == [[0, 1, 2, 3]]
    assert all(linkage.marks & Mark.BRIDGE)
    assert doubt_of(linkage).held_by_one_tie == doubt_of(linkage).to_look_at == 1


def test_two_people_who_share_one_record_by_two_weak_ties_do_not_become_one() -> None:
    """0 and 1 are surely one person, 3 and 4 another; 2 looks like either."""
    ties = {(0, 1): 0.9999, (3, 4): 0.9999, (1, 2): 0.93, (2, 3): 0.95}
    assert sets(people(ties, partners="cnpcn")) == [[0, 1], [2], [3, 4]]


def test_records_that_were_compared_and_differ_count_against() -> None:
    apart = people({(0, 1): 0.97, (1, 2): 0.97, (0, 2): 0.02}, partners="cnp")
    assert len(sets(apart)) == 2
    together = people({(0, 1): 0.97, (1, 2): 0.97, (0, 2): 0.7}, partners="cnp")
    assert sets(together) == [[0, 1, 2]]


@pytest.mark.parametrize("score", [0.9, 0.999999, 1.0])
def test_a_pair_whose_unique_numbers_differ_never_links_two_records(score: float) -> None:
    assert sets(people({(0, 1): score}, partners="cn", conflicts={(0, 1)})) == [[0], [1]]


def test_a_pair_whose_unique_numbers_differ_parts_what_one_certain_path_would_hold_and_not_what_several_do() -> (
    None
):
    one = {(0, 1): 1.0, (1, 2): 1.0, (0, 2): 1.0}
    assert len(sets(people(one, partners="cnp", conflicts={(0, 2)}))) == 2
    several = every(range(5), 1.0)
    linkage = people(several, partners="cnpsc", conflicts={(0, 4)})
    assert sets(linkage) == [[0, 1, 2, 3, 4]]
    assert all(linkage.marks & Mark.CONFLICT)
    assert doubt_of(linkage).two_numbers == 1


def test_no_two_records_of_a_partner_without_doubles_are_one_person_and_the_best_stays() -> None:
    ties = {(0, 2): 0.99, (1, 2): 0.999, (0, 1): 0.99}
    assert sets(people(ties, partners="ccn")) == [[0, 1, 2]]
    assert sets(people(ties, partners="ccn", deduplicated={"council"})) == [[0], [1, 2]]
    assert sets(people(ties, partners="ccn", deduplicated={"police"})) == [[0, 1, 2]]


def test_very_many_records_of_one_person_are_shown() -> None:
    linkage = people(every(range(LARGE + 1), 0.999), partners="cnps" * 5 + "c")
    assert linkage.people == 1
    assert doubt_of(linkage).very_large == 1
    assert doubt_of(people(every(range(LARGE), 0.999), partners="cnps" * 5)).very_large == 0


def test_who_is_one_person_does_not_depend_on_the_order_of_pairs_or_on_what_happens_elsewhere() -> None:
    rng = np.random.default_rng(4)
    scores: dict[tuple[int, int], float] = {
        (a, b): float(rng.choice([0.3, 0.86, 0.9, 0.99, 0.9999])) for a, b in combinations(range(9), 2) if rng.random() < 0.45
    }  # fmt: skip
    alone = people(scores, partners="cnpscnpsc")
    mixed = dict(rng.permutation(np.array(list(scores.items()), dtype=object)).tolist())
    beside = every([9, 10], 0.9) | {(10, 11): 0.86} | mixed
    with_others = people(beside, partners="cnpscnpsccnp")
    assert sets(alone) == [s for s in sets(with_others) if s[0] < 9]
    assert len(sets(alone)) > 1


def test_nobody_is_nobody() -> None:
    none: Any = people({}, partners="")
    assert none.people == 0
    assert doubt_of(none).to_json() == dict.fromkeys(doubt_of(none).to_json(), 0)
