"""Of large files the search may take the beginning and a random part of the rest, and says how much it passed over."""

import numpy as np
import pyarrow as pa

from linkage.partner.rawsearch.needles import needles
from linkage.partner.rawsearch.search import PIECE, WHOLE, RawSearch, Searcher

VALUE = "CHRISTODOULOPOULOS"
PIECES = 200


def searched(*, planted: range, sampled: bool) -> RawSearch:
    """Pieces of random bytes, those in `planted` with the value inside."""
    noise = np.random.default_rng(1)
    rng = np.random.default_rng(2) if sampled else None
    searcher = Searcher(needles({"surname": pa.array([VALUE], pa.string())}), rng=rng)
    for number in range(PIECES):
        piece = bytearray(noise.bytes(PIECE))
        if number in planted:
            piece[100 : 100 + len(VALUE)] = VALUE.encode()
        searcher.see(bytes(piece), file="born.tokens.sealed")
    return searcher.result()


def test_every_byte_is_searched_or_counted_as_passed_over() -> None:
    sampled, whole = (searched(planted=range(0), sampled=s) for s in (True, False))
    assert sampled.bytes_searched + sampled.bytes_passed_over == whole.bytes_searched == PIECES * PIECE
    assert whole.bytes_passed_over == 0
    assert WHOLE < sampled.bytes_searched < whole.bytes_searched / 4
    assert (sampled.files, whole.files) == (1, 1)
    assert not sampled.found
    assert not whole.found


def test_a_value_at_the_beginning_of_a_file_is_always_found() -> None:
    assert searched(planted=range(WHOLE // PIECE), sampled=True).found


def test_a_column_that_leaked_throughout_is_met_by_the_sample_of_the_rest() -> None:
    late = range(WHOLE // PIECE, PIECES)
    assert searched(planted=late, sampled=True).found
    assert searched(planted=late, sampled=False).places == len(late)
