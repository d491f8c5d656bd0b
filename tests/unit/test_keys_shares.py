"""Shares of a secret: as many as are needed give it back, fewer say what is missing, and what was altered or belongs elsewhere is refused."""

from itertools import combinations

import pytest

from keys import Secret
from keys.errors import BadShare
from keys.shares import check_threshold, combine, place_of, share_check, split, usual_threshold

SECRET = Secret(bytes(range(32)), name="the secret")
OTHER = Secret(bytes(range(1, 33)), name="another secret")


@pytest.mark.parametrize(("threshold", "shares"), [(1, 1), (2, 2), (2, 3), (3, 5), (16, 16)])
def test_every_choice_of_enough_shares_gives_the_secret_back(threshold: int, shares: int) -> None:
    made = split(SECRET, threshold=threshold, shares=shares)
    assert len(made) == len({one.expose() for one in made}) == shares
    for chosen in combinations(made, threshold):
        assert combine(chosen, name="s") == SECRET
    assert combine(made, name="s") == SECRET
    assert [place_of(one).number for one in made] == list(range(shares))
    assert {place_of(one).threshold for one in made} == {threshold}


@pytest.mark.parametrize(
    ("given", "missing"), [(1, "2 more shares are needed: 1 of 3"), (2, "1 more share is needed: 2 of 3")]
)
def test_too_few_shares_are_told_how_many_are_missing(given: int, missing: str) -> None:
    for chosen in combinations(split(SECRET, threshold=3, shares=5), given):
        with pytest.raises(BadShare, match=missing):
            combine(chosen, name="s")
    with pytest.raises(BadShare, match="no share was given"):
        combine((), name="s")


def test_the_same_share_twice_counts_once() -> None:
    one, two, _ = split(SECRET, threshold=2, shares=3)
    with pytest.raises(BadShare, match="1 more share is needed"):
        combine((one, one), name="s")
    assert combine((one, one, two), name="s") == SECRET


def test_a_share_of_another_secret_is_refused_even_of_the_same_secret_split_again() -> None:
    one, _, _ = split(SECRET, threshold=2, shares=3)
    for secret in (SECRET, OTHER):
        stranger = split(secret, threshold=2, shares=3)[1]
        with pytest.raises(BadShare, match="of different secrets"):
            combine((one, stranger), name="s")


def test_a_share_with_any_word_altered_is_refused() -> None:
    one, two, _ = split(SECRET, threshold=2, shares=3)
    words = one.expose().decode().split()
    assert len(words) == 33
    for at in range(len(words)):
        altered = [*words[:at], "academic" if words[at] != "academic" else "acid", *words[at + 1 :]]
        for wrong in (altered, words[:at] + words[at + 1 :], [*words[:at], "nosuchword", *words[at + 1 :]]):
            with pytest.raises(BadShare, match="is damaged") as caught:
                combine((Secret(" ".join(wrong).encode(), name="a share"), two), name="s")
            assert "nosuchword" not in str(caught.value)
    with pytest.raises(BadShare, match="is damaged"):
        place_of(Secret("\u00e9".encode(), name="a share"))


def test_a_made_up_share_among_enough_right_ones_is_passed_over_and_otherwise_refused() -> None:
    made = split(SECRET, threshold=2, shares=4)
    forged = _with_value_of(made[3], number_of=made[2])
    assert combine((forged, *made[:2]), name="s") == SECRET
    with pytest.raises(BadShare, match="do not fit together"):
        combine((forged, made[0]), name="s")
    with pytest.raises(BadShare, match="have one number and differ"):
        combine((forged, made[2], made[0]), name="s")


def _with_value_of(share: Secret, *, number_of: Secret) -> Secret:
    """A share with a valid checksum that was never made: the value of one under the number of another."""
    from dataclasses import replace

    from shamir_mnemonic import Share

    value = Share.from_mnemonic(share.expose().decode())
    number = Share.from_mnemonic(number_of.expose().decode()).index
    return Secret(replace(value, index=number).mnemonic().encode(), name="made up")


@pytest.mark.parametrize(
    ("threshold", "shares", "saying"),
    [
        (0, 3, "from 1 to 3 can be needed"),
        (4, 3, "from 1 to 3 can be needed"),
        (1, 2, "would hold the whole"),
        (2, 17, "from 1 to 16 shares"),
        (1, 0, "from 1 to 16 shares"),
    ],
)
def test_numbers_that_do_not_serve_are_refused(threshold: int, shares: int, saying: str) -> None:
    with pytest.raises(BadShare, match=saying):
        check_threshold(threshold, shares=shares)
    with pytest.raises(BadShare, match=saying):
        split(SECRET, threshold=threshold, shares=shares)


@pytest.mark.parametrize("size", [0, 14, 15, 33])
def test_a_secret_that_is_too_short_or_odd_is_not_shared(size: int) -> None:
    with pytest.raises(BadShare, match="at least 16 bytes"):
        split(Secret(bytes(size), name="s"), threshold=2, shares=3)


@pytest.mark.parametrize(("holders", "needed"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3), (6, 4), (16, 9)])
def test_the_usual_threshold_is_more_than_half(holders: int, needed: int) -> None:
    assert usual_threshold(holders) == needed
    check_threshold(usual_threshold(holders), shares=holders)


def test_the_check_of_a_share_is_of_that_share_holder_round_and_kind_alone() -> None:
    one, two = split(SECRET, threshold=2, shares=2)
    where = {"project": "p", "epoch": 1, "kind": "project-secret", "holder": "custodian/1"}
    known = share_check(one, **where)
    assert known == share_check(Secret(b" ".join(one.expose().split()) + b"\n", name="copied"), **where)
    others = [
        share_check(two, **where),
        share_check(one, **where | {"project": "q"}),
        share_check(one, **where | {"epoch": 2}),
        share_check(one, **where | {"kind": "linker-opening"}),
        share_check(one, **where | {"holder": "custodian/2"}),
    ]
    assert known not in others
    assert len(set(others)) == len(others)
    assert SECRET.expose().hex() not in known
