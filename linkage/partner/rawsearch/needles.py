"""Values as byte patterns to search for: every form in which a value could stand in a file by mistake.

The forms of a value: as it is, in capitals, in small letters, its digits alone; each of these as UTF-8 and as UTF-16 (little endian, as
spreadsheets and Windows write it); and a number of ten digits or more as a whole number of eight bytes, as a token file's columns are (unless one of its four low bytes is zero).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

SHORTEST: Final = 6
LONGEST: Final = 32
INTEGER_DIGITS: Final = (10, 18)
SPEAKING: Final = r"[\p{L}\p{N}]"


@dataclass(frozen=True, slots=True)
class Needles:
    """Distinct patterns of 6 to 32 bytes, sorted; a longer form of a value is cut to its first 32 bytes.

    Pattern i is `blob[start[i]:start[i + 1]]` and a form of a value of `names[identifier[i]]`. `keys` are the distinct first six bytes as big-endian
    numbers, and the patterns that begin with `keys[g]` are those from `group[g]` to `group[g + 1]`. `tables[j]` says for each byte in which
    of six buckets some pattern has it at place j. `values` were searched in full, `short` have no plain form of six bytes.
    """

    names: tuple[str, ...]
    blob: bytes
    start: npt.NDArray[np.int64]
    identifier: npt.NDArray[np.int64]
    keys: npt.NDArray[np.uint64]
    group: npt.NDArray[np.int64]
    tables: tuple[bytes, ...]
    values: int
    short: int

    @property
    def by_length(self) -> Mapping[int, int]:
        """How many patterns there are of each length in bytes."""
        lengths, counts = np.unique(np.diff(self.start), return_counts=True)
        return dict(zip(lengths.tolist(), counts.tolist(), strict=True))

    def pattern(self, at: int) -> bytes:
        """The bytes of one pattern."""
        return self.blob[self.start[at] : self.start[at + 1]]


def needles(values: Mapping[str, pa.StringArray]) -> Needles:
    """The patterns of the values, which stand by identifier; a pattern of several identifiers counts for the first.

    Spaces around a value do not count, nor do values without any letter or digit.
    """
    patterns, owners, whole, short = [pa.array([], pa.binary())], [np.empty(0, dtype=np.int64)], 0, 0
    for at, texts in enumerate(values.values()):
        trimmed = pc.unique(pc.utf8_trim_whitespace(texts.drop_null()))
        some = trimmed.filter(pc.match_substring_regex(trimmed, pattern=SPEAKING))
        enough = int(pc.sum(pc.greater_equal(pc.binary_length(some), SHORTEST)).as_py() or 0)
        whole, short = whole + enough, short + len(some) - enough
        for form in _forms(some):
            cut = pc.binary_slice(form.filter(_long_enough(form)), 0, LONGEST)
            patterns.append(cut)
            owners.append(np.full(len(cut), at))
    return _compiled(
        tuple(values), pa.concat_arrays(patterns), np.concatenate(owners), values=whole, short=short
    )


def _long_enough(texts: pa.Array) -> pa.BooleanArray:
    return pc.greater_equal(pc.binary_length(texts), SHORTEST)


def _forms(texts: pa.StringArray) -> Iterator[pa.BinaryArray]:
    digits = pc.replace_substring_regex(texts, pattern="[^0-9]+", replacement="")
    digits = digits.filter(_long_enough(digits))
    plain = pc.unique(pa.concat_arrays([texts, pc.utf8_upper(texts), pc.utf8_lower(texts), digits]))
    yield plain.cast(pa.binary())
    yield pa.array([t.encode("utf-16-le") for t in plain.to_pylist()], pa.binary())
    yield _integers(digits)


def _integers(digits: pa.StringArray) -> pa.BinaryArray:
    least, most = INTEGER_DIGITS
    numbers = digits.filter(pc.match_substring_regex(digits, pattern=f"^[1-9][0-9]{{{least - 1},{most - 1}}}$"))
    whole = [int(n).to_bytes(8, "little") for n in numbers.to_pylist()]
    # Row numbers and bands have zeros on both sides; a number with a zero in its low half would be met there by chance.
    return pa.array([n for n in whole if 0 not in n[:4]], pa.binary())


def _compiled(
    names: tuple[str, ...], patterns: pa.BinaryArray, owners: npt.NDArray[np.int64], *, values: int, short: int
) -> Needles:
    order = pc.sort_indices(pa.table({"pattern": patterns, "owner": owners}), sort_keys=[("pattern", "ascending"), ("owner", "ascending")])  # fmt: skip
    ordered = patterns.take(order)
    first = np.ones(len(ordered), dtype=bool)
    first[1:] = pc.not_equal(ordered.slice(1), ordered.slice(0, max(len(ordered) - 1, 0))).to_numpy(zero_copy_only=False)  # fmt: skip
    distinct = ordered.filter(pa.array(first))
    identifier = owners[order.to_numpy().astype(np.int64)[first]]
    lengths = pc.binary_length(distinct).to_numpy().astype(np.int64)
    start = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    blob = b"".join(distinct.to_pylist())
    bytes_at = np.frombuffer(blob, dtype=np.uint8)[start[:-1, None] + np.arange(SHORTEST)]
    keys, group = np.unique(begins(bytes_at), return_index=True)
    return Needles(
        names=names,
        blob=blob,
        start=start,
        identifier=identifier,
        keys=keys,
        group=np.append(group, len(distinct)).astype(np.int64),
        tables=_tables(bytes_at),
        values=values,
        short=short,
    )


def begins(first: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint64]:
    """Rows of six bytes as big-endian numbers, so that their order is that of the bytes."""
    out = np.zeros(len(first), dtype=np.uint64)
    for at in range(SHORTEST):
        out = out << np.uint64(8) | first[:, at]
    return out


def _tables(first: npt.NDArray[np.uint8]) -> tuple[bytes, ...]:
    """Patterns that look alike share a bucket, so that few places of a file pass all six tables (as in Hyperscan's literal matcher; Wang et al. 2019)."""
    start, second, last = first[:, 0], first[:, 1], first[:, 5]
    bucket = np.select(
        [second == 0, last == 0, *((start >= low) & (start <= high) for low, high in (b"09", b"AZ", b"az"))],
        [0, 1, 2, 3, 4],
        default=5,
    )
    bits = (1 << bucket).astype(np.uint8)
    tables = np.zeros((SHORTEST, 256), dtype=np.uint8)
    for at in range(SHORTEST):
        for one in np.unique(bits):
            tables[at, np.unique(first[bits == one, at])] |= one
    return tuple(t.tobytes() for t in tables)
