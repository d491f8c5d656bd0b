"""For any secret, any numbers that serve and any choice of shares."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keys import Secret
from keys.errors import BadShare
from keys.shares import combine, split

SAID = {
    "altered is damaged: a word was altered, left out or added",
    "these shares are of different secrets: use those of one ceremony and kind",
    "these shares do not fit together: at least one was made up, or is of another secret",
    "altered is of another kind: it belongs to one of several groups",
}


@st.composite
def sharings(draw: st.DrawFn) -> tuple[Secret, int, int]:
    shares = draw(st.integers(1, 6))
    threshold = 1 if shares == 1 else draw(st.integers(2, shares))
    return Secret(draw(st.binary(min_size=32, max_size=32)), name="s"), threshold, shares


@settings(max_examples=25, deadline=None)
@given(sharings(), st.data())
def test_enough_shares_in_any_order_give_the_secret_and_fewer_never_do(
    sharing: tuple[Secret, int, int], data: st.DataObject
) -> None:
    secret, threshold, shares = sharing
    made = split(secret, threshold=threshold, shares=shares)
    chosen = data.draw(st.permutations(made))[: data.draw(st.integers(threshold, shares))]
    assert combine(chosen, name="s") == secret
    for few in combinations(made, threshold - 1):
        with pytest.raises(BadShare, match=r"needed|no share"):
            combine(few, name="s")


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.data())
def test_a_share_with_some_bytes_altered_is_refused_or_reads_as_the_same_share(
    value: bytes, data: st.DataObject
) -> None:
    secret = Secret(value, name="s")
    one, two = split(secret, threshold=2, shares=2)
    raw = bytearray(one.expose())
    for _ in range(data.draw(st.integers(1, 4))):
        # The length of a share depends on its words, which are drawn anew each time.
        raw[data.draw(st.integers(0, 9_999)) * len(raw) // 10_000] = data.draw(st.integers(0, 255))
    found, said = None, ""
    try:
        found = combine((Secret(bytes(raw), name="altered"), two), name="s")
    except BadShare as fault:
        said = str(fault)
    assert found == secret if found is not None else said in SAID
