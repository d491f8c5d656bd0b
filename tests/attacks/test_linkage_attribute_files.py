"""Attribute files hold no readable value, and open column by column for the custodian alone."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from keys import BadSeal, Identity
from keys.columns import unwrap_column_key, wrap_column_key
from linkage.attributes import RECORD_REF, column_key_id, read_attributes
from linkage.errors import BadInput, BadSubmission
from linkage.manifest import Round
from tests.in_one_portion import write_attributes

ONE = Round("safer-streets", 3, "0" * 64)
CUSTODIAN, OTHER = (
    Identity.make(n, randomness=np.random.default_rng([9, at]).bytes)
    for at, n in enumerate(("custodian", "other"))
)
VALUES = {"custody": ["custody-yes", "custody-no"] * 40, "excluded": ["excluded-yes", None] * 40}


def table() -> pa.Table:
    refs = [bytes([n] * 16) for n in range(80)]
    return pa.table(
        {RECORD_REF: pa.array(refs, pa.binary(16)), **{n: pa.array(v, pa.string()) for n, v in VALUES.items()}}
    )


def written(partner: str = "police", one: Round = ONE) -> bytes:
    return write_attributes(
        table(),
        one=one,
        partner=partner,
        wrap=lambda key, key_id: wrap_column_key(key, key_id=key_id, to=CUSTODIAN.public),
    )


def custodian(by: Identity = CUSTODIAN, asked: list[str] | None = None) -> Callable[[bytes, str], bytes]:
    def unwrap(wrapped: bytes, key_id: str) -> bytes:
        if asked is not None:
            asked.append(key_id)
        return unwrap_column_key(wrapped, key_id=key_id, by=by).expose()

    return unwrap


def test_the_custodian_opens_what_the_partner_wrote() -> None:
    opened = read_attributes(written(), columns=["custody", "excluded"], unwrap=custodian())
    assert opened.to_pydict() == table().to_pydict()


def test_only_the_keys_of_the_columns_asked_for_are_asked_for() -> None:
    asked: list[str] = []
    opened = read_attributes(written(), columns=["custody"], unwrap=custodian(asked=asked))
    assert opened.column_names == [RECORD_REF, "custody"]
    ids = {column_key_id(ONE, partner="police", column=c) for c in ("footer", RECORD_REF, "custody")}
    assert set(asked) == ids
    assert len(asked) == 3


def test_a_column_whose_key_is_refused_is_not_read_and_the_refusal_is_told() -> None:
    class NoPermitError(Exception):
        pass

    def unwrap(wrapped: bytes, key_id: str) -> bytes:
        if key_id.endswith("/excluded"):
            raise NoPermitError
        return custodian()(wrapped, key_id)

    with pytest.raises(NoPermitError):
        read_attributes(written(), columns=["excluded"], unwrap=unwrap)
    assert read_attributes(written(), columns=["custody"], unwrap=unwrap).num_rows == 80


def test_the_file_holds_no_value_no_reference_and_no_name_of_a_column_in_its_clear_parts() -> None:
    content = written()
    # A value of three letters stands in encrypted bytes by chance, once in some hundred files.
    for value in ("custody-yes", "custody-no", "excluded-yes"):
        assert value.encode() not in content
    assert not any(bytes([n] * 16) in content for n in range(1, 80))
    assert content.startswith(b"PARE")


def test_the_file_does_not_open_without_a_key() -> None:
    with pytest.raises((OSError, pa.ArrowInvalid)):
        pq.read_table(pa.BufferReader(written()))


def test_another_identity_opens_nothing() -> None:
    with pytest.raises(BadSeal):
        read_attributes(written(), columns=["custody"], unwrap=custodian(OTHER))
    impostor = Identity("custodian", OTHER.seeds)
    with pytest.raises(BadSeal):
        read_attributes(written(), columns=["custody"], unwrap=custodian(impostor))


def keys_in(content: bytes) -> dict[str, bytes]:
    """Every wrapped key of a file by its id."""
    found: dict[str, bytes] = {}

    def unwrap(wrapped: bytes, key_id: str) -> bytes:
        found[key_id] = wrapped
        return custodian()(wrapped, key_id)

    read_attributes(content, columns=list(VALUES), unwrap=unwrap)
    return found


def test_a_wrapped_key_taken_from_another_column_file_partner_or_round_opens_nothing() -> None:
    files = [written(), written("schools"), written(one=Round("safer-streets", 4, "0" * 64))]
    wrapped = {key_id: key for content in files for key_id, key in keys_in(content).items()}
    assert len(wrapped) == 12
    for (a, _), (b, key) in itertools.permutations(wrapped.items(), 2):
        with pytest.raises(BadSeal):
            unwrap_column_key(key, key_id=a, by=CUSTODIAN)
        assert a != b


def test_the_key_of_the_same_column_of_another_file_of_the_partner_does_not_decrypt_this_one() -> None:
    other = keys_in(written())

    def unwrap(wrapped: bytes, key_id: str) -> bytes:
        return custodian()(other[key_id] if key_id.endswith("/custody") else wrapped, key_id)

    with pytest.raises(BadSubmission, match="altered"):
        read_attributes(written(), columns=["custody"], unwrap=unwrap)


def test_an_altered_or_shortened_file_is_refused_or_unchanged_in_what_it_says() -> None:
    content = written()
    refused = 0
    for at in range(0, len(content), 23):
        altered = bytearray(content)
        altered[at] ^= 1
        try:
            opened = read_attributes(bytes(altered), columns=list(VALUES), unwrap=custodian())
            assert opened.to_pydict() == table().to_pydict()
        except (BadSubmission, BadSeal):
            refused += 1
    assert refused > 0.9 * len(range(0, len(content), 23))
    for length in (0, 3, 4, 100, len(content) // 2, len(content) - 1):
        with pytest.raises((BadSubmission, BadSeal)):
            read_attributes(content[:length], columns=["custody"], unwrap=custodian())


def test_a_column_that_the_file_lacks_is_refused() -> None:
    opened: Any = None
    with pytest.raises(BadSubmission, match="has not the columns"):
        opened = read_attributes(written(), columns=["mentoring"], unwrap=custodian())
    assert opened is None


@pytest.mark.parametrize("name", ["footer", "a/b", "a,b", "a;b", "a:b", ""])
def test_an_attribute_cannot_take_the_key_of_something_else_by_its_name(name: str) -> None:
    rows = table().rename_columns([RECORD_REF, name, "excluded"])
    with pytest.raises(BadInput, match="cannot name an attribute"):
        write_attributes(rows, one=ONE, partner="police", wrap=lambda key, _: key)
