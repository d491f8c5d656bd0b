"""The search for raw values finds exactly what a plain search of every form finds, wherever it stands and however the bytes arrive."""

from collections import Counter
from unittest.mock import patch

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from linkage.errors import RawValueFound
from linkage.partner.rawsearch import scan as rawscan
from linkage.partner.rawsearch.needles import LONGEST, Needles, needles
from linkage.partner.rawsearch.scan import Scan
from linkage.partner.rawsearch.search import RISK, Searcher, explained_by_chance

SMALL = st.text(alphabet="aAbB12 ", min_size=1, max_size=12)
NAMES = ["Featherstonehaugh", "Okonkwo-Smith", "Zoë Müller", "Ольга Иванова", "Wolstenholme"]
WHOLE = needles({"surname": pa.array(NAMES), "nhs_number": pa.array(["943 476 5919"])})
FORMS = {
    "as it is": lambda name: name.encode(),
    "in capitals": lambda name: name.upper().encode(),
    "in small letters": lambda name: name.lower().encode(),
    "as UTF-16": lambda name: name.encode("utf-16-le"),
    "as UTF-16 in capitals": lambda name: name.upper().encode("utf-16-le"),
    "cut after 32 bytes": lambda name: name.encode("utf-16-le")[:LONGEST],
}
NUMBER = [b"943 476 5919", b"9434765919", "9434765919".encode("utf-16-le"), (9434765919).to_bytes(8, "little")]


def every_pattern(made: Needles) -> list[bytes]:
    return [made.pattern(i) for i in range(len(made.start) - 1)]


def plain_search(data: bytes, made: Needles) -> Counter[tuple[int, int]]:
    """Every place and length at which a pattern stands."""
    return Counter(
        (at, len(p)) for p in every_pattern(made) for at in range(len(data)) if data.startswith(p, at)
    )


def stuff(values: list[str], parts: list[tuple[int, int, bytes]]) -> bytes:
    """Forms of the values, each after some other bytes."""
    forms = list(FORMS.values())
    return b"".join(filler + forms[form % len(forms)](values[at % len(values)]) for at, form, filler in parts)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(SMALL, min_size=1, max_size=6),
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.binary(max_size=30)), max_size=12),
    st.integers(1, 60),
    st.integers(8, 70),
)
@example(["111111", "1111111"], [(0, 0, b"")], 1, 8)
def test_the_scan_meets_what_a_plain_search_meets(
    values: list[str], parts: list[tuple[int, int, bytes]], step: int, block: int
) -> None:
    made = needles({"surname": pa.array(values)})
    data = stuff(values, parts)
    with patch.object(rawscan, "BLOCK", block):
        scan = Scan("a", needles=made, known=())
        for at in range(0, len(data), step):
            scan.feed(data[at : at + step])
        met = scan.finish()
    wanted = plain_search(data, made)
    by_length = Counter[int]()
    for (length, _), count in met.counts.items():
        by_length[length] += count
    assert by_length == Counter(length for _, length in wanted.elements())
    assert met.size == len(data)
    assert {f.offset for first in met.first.values() for f in first} <= {at for at, _ in wanted}


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 400), st.integers(1, 90), st.integers(8, 70))
def test_a_name_inside_a_known_word_does_not_count_and_beside_it_does(
    place: int, step: int, block: int
) -> None:
    known = "the Wolstenholme-and-Sons partnership of many letters, known to everybody by its long name"
    data = b"\x00" * place + known.encode() + b"\x00" * 9 + known[:30].encode() + b"\x00" * 200
    with patch.object(rawscan, "BLOCK", block):
        scan = Scan("a", needles=WHOLE, known=(known.encode(),))
        for at in range(0, len(data), step):
            scan.feed(data[at : at + step])
        met = scan.finish()
    assert [f.offset for first in met.first.values() for f in first] == [place + len(known) + 9 + 4]


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**32), st.sampled_from(NAMES), st.sampled_from(list(FORMS)), st.integers(0, 3000),
    st.sampled_from([257, 1000, 5000]),
)  # fmt: skip
def test_a_planted_name_is_found_in_every_form_at_every_place(
    seed: int, name: str, form: str, place: int, step: int
) -> None:
    data = bytearray(np.random.default_rng(seed).bytes(3100))
    planted = FORMS[form](name)
    data[place : place + len(planted)] = planted
    with patch.object(rawscan, "BLOCK", 512):
        searcher = Searcher(WHOLE)
        for at in range(0, len(data), step):
            searcher.see(bytes(data[at : at + step]), file="a")
        result = searcher.result()
    assert (place, "surname") in {(f.offset, f.identifier) for f in result.found}


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(NUMBER), st.integers(0, 3000))
def test_a_planted_number_is_found_in_every_form_at_every_place(seed: int, planted: bytes, place: int) -> None:
    data = bytearray(np.random.default_rng(seed).bytes(3100))
    data[place : place + len(planted)] = planted
    searcher = Searcher(WHOLE)
    searcher.see(bytes(data), file="a")
    result = searcher.result()
    assert (place, "nhs_number") in {(f.offset, f.identifier) for f in result.found}
    with pytest.raises(RawValueFound) as refused:
        result.require_none()
    assert planted.decode("latin-1") not in str(refused.value)


@settings(max_examples=200, deadline=None)
@given(st.floats(1e-12, 50.0))
def test_chance_explains_no_more_than_it_is_allowed_to(rate: float) -> None:
    """Against the Poisson distribution summed term by term."""
    most = explained_by_chance(rate)
    terms = [float(np.exp(-rate))]
    for n in range(1, 400):
        terms.append(terms[-1] * rate / n)
    beyond = sum(terms[most + 1 :])
    assert beyond < RISK * (1 + 1e-6)
    assert most == 0 or beyond + terms[most] >= RISK * (1 - 1e-6)
