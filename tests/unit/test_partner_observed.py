"""What is watched while a file is cleaned: reasons for refusals as counts, and a bounded random sample of values."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from linkage.partner.preflight.observed import RECORD_ID, Observed
from linkage.partner.preflight.reasons import PLACEHOLDER, reason
from linkage.partner.records import CleanRecords, Column


@pytest.mark.parametrize(
    ("identifier", "text", "words"),
    [
        ("date_of_birth", "39814", "a spreadsheet's day number"),
        ("date_of_birth", "1/2/09", "year of two digits"),
        ("date_of_birth", "12/03/1066", "too early or too late"),
        ("date_of_birth", "31/02/1990", "does not exist in this order"),
        ("date_of_birth", "1990", "no complete date"),
        ("date_of_birth", "00/00/0000", PLACEHOLDER),
        ("nhs_number", "943476591", "fewer than ten"),
        ("nhs_number", "94347659199", "more than ten"),
        ("nhs_number", "943 476 5918", "check digit"),
        ("nhs_number", "0000000000", PLACEHOLDER),
        ("nhs_number", "943476591A", "letters"),
        ("postcode", "ZZ99 3VZ", "no fixed abode"),
        ("previous_postcode", "OX4", "first half"),
        ("email", "a b@c", "not understood"),
        ("email", "somebody", "no @"),
        ("surname", "Not Known", PLACEHOLDER),
        ("alias_surname", "123", "no letters"),
        ("surname", "---", PLACEHOLDER),
        ("sex", "unknown", "neither of the two"),
        ("phone", "0123", "too few"),
        ("uprn", "12 34", "not understood"),
    ],
)
def test_a_refused_text_has_a_reason_that_does_not_repeat_it(identifier: str, text: str, words: str) -> None:
    why = reason(text, identifier=identifier)
    assert words in why
    assert text not in why


def test_reasons_are_counted_by_row_over_all_pieces() -> None:
    watch = Observed(randomness=np.random.default_rng(1).bytes)
    for _ in range(2):
        raw = pa.array(["1990", "1/1/90", "1/1/90", "1990-01-01", None], pa.string()).dictionary_encode()
        watch.identifiers("date_of_birth", raw, pa.array([None, None, "19900101"], pa.string()))
    seen = watch.finish()
    assert seen.reasons == {"date_of_birth": {"a year of two digits": 4, "no complete date": 2}}


def test_a_small_file_is_sampled_whole_with_ids_raw_and_cleaned_values() -> None:
    watch = Observed(randomness=np.random.default_rng(1).bytes)
    watch.ids(pa.array(["a-1", "b-2"]))
    watch.identifiers("surname", pa.array(["Able", "Baker"]).dictionary_encode(), pa.array(["ABLE", "BAKER"]))
    clean = CleanRecords(
        pa.array(["a-1", "b-2"], pa.string()),
        np.arange(2, dtype=np.int32),
        {"surname": Column.of(pd.Series(["ABLE", "BAKER"], dtype=object))},
    )
    watch.cleaned(clean)
    seen = watch.finish()
    assert set(seen.values["surname"].to_pylist()) == {"Able", "Baker", "ABLE", "BAKER"}
    assert set(seen.values[RECORD_ID].to_pylist()) == {"a-1", "b-2"}
    assert seen.left_out == 0


def test_a_large_file_is_sampled_fairly_and_within_its_bound() -> None:
    watch = Observed(randomness=np.random.default_rng(2).bytes, most=1000)
    for piece in range(20):
        watch.ids(pa.array([f"id-{piece}-{n}" for n in range(500)]))
    watch.identifiers("surname", pa.array(["Able", "Baker"]).dictionary_encode(), pa.array(["ABLE", "BAKER"]))
    seen = watch.finish()
    drawn = seen.values[RECORD_ID].to_pylist()
    assert set(seen.values["surname"].to_pylist()) == {"Able", "Baker"}
    assert len(drawn) == len(set(drawn)) == 998
    assert seen.left_out == 10_000 - 998
    per_piece = np.bincount([int(i.split("-")[1]) for i in drawn], minlength=20)
    # 50 are expected of each piece, with a standard deviation of 6.7.
    assert per_piece.min() > 50 - 35
    assert per_piece.max() < 50 + 35


def test_the_same_randomness_gives_the_same_sample() -> None:
    samples = []
    for _ in range(2):
        watch = Observed(randomness=np.random.default_rng(3).bytes, most=50)
        watch.ids(pa.array([f"id-{n}" for n in range(500)]))
        samples.append(watch.finish().values[RECORD_ID].to_pylist())
    assert samples[0] == samples[1]
