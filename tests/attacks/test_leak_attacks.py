"""The leak meter's attacks on real tokens: they bite what is known to leak, learn nothing across blocks of the schema, and nothing of rows that are alone."""

import numpy as np
import numpy.typing as npt
import pytest

from keys import Secret
from linkage.leak.controls import family_key, hashed_identifiers, plain_filters, with_keys
from linkage.leak.exact_copy import attack_across_blocks, attack_with_copy
from linkage.leak.known import Known, KnownPass
from linkage.leak.made_up import MadeUp, made_up_file
from linkage.leak.measure import measure
from linkage.leak.sides import Seen, see
from linkage.leak.truth import Truth, gather, truth_of
from linkage.partner.tokenise import Tokeniser
from linkage.partner.tokens.prf import Prp
from linkage.schema import Schema, default_schema

PEOPLE = 1_200
SCHEMA = default_schema()
SECRET = Secret(b"project secret of the round, 32b", name="project")
OTHER = Secret(b"the attacker's own secret, 32 b.", name="attacker's")
OWN = Secret(b"own secret of the police, 32 b..", name="own")


@pytest.fixture(scope="module")
def file() -> MadeUp:
    return made_up_file(PEOPLE, schema=SCHEMA, seed=11)


class Pass:
    """One pass of the file as the linker, the attacker and the scorer have it."""

    def __init__(self, file: MadeUp, *, schema: Schema, key: str) -> None:
        rng = np.random.default_rng(8)
        tokeniser = Tokeniser(file.clean, schema=schema, secret=SECRET, own=OWN, randomness=rng.bytes)
        opened = next(p for p in tokeniser.passes() if p.key.name == key)
        table, record = gather(opened, refs=tokeniser.refs)
        sides = [Known(file.clean, schema=schema, secret=s) for s in (OTHER, SECRET)]
        self.seen: Seen = see(table, schema=schema)
        self.plain, self.answer = (s.rows(opened.key, most=schema.most_people_per_key) for s in sides)
        self.truth: Truth = truth_of(self.seen, record, known=self.plain, answer=self.answer)


@pytest.fixture(scope="module")
def one(file: MadeUp) -> Pass:
    keys = with_keys(SCHEMA, {"by-postcode": ["postcode.whole", "name.any.initial"]}, most=24)
    return Pass(file, schema=keys, key="by-postcode")


def across(one: Pass, seen: Seen) -> tuple[float, float]:
    return attack_across_blocks(
        seen, one.plain, answer=one.answer, truth=one.truth, rng=np.random.default_rng(6)
    )


def with_lanes(one: Pass, masks: npt.NDArray[np.uint64]) -> Seen:
    """The pass with filters whose positions come from one secret for all blocks, and a mask for each block."""
    rng = np.random.default_rng(7)
    secret = rng.integers(0, 1 << 64, (1, 2), dtype=np.uint64)
    columns = dict(one.seen.columns)
    for lane, values in zip(one.answer.layout.measured, one.answer.values, strict=True):
        if lane.filtered:
            number = values.number[one.truth.row]
            words = values.filters(Prp(SECRET), np.tile(secret, (len(number), 1)), number=number)
            words[number < 0] = rng.integers(0, 1 << 64, (int((number < 0).sum()), 2), dtype=np.uint64)
            words ^= masks[one.seen.block]
            columns |= {f"{lane.lane}_{half}": words[:, half].copy().view(np.int64) for half in (0, 1)}
    return Seen(one.seen.layout, one.seen.block, one.seen.bands, columns)


def masks_of(one: Pass, *, equal: bool) -> npt.NDArray[np.uint64]:
    blocks = int(one.seen.block.max()) + 1
    drawn = np.random.default_rng(9).integers(0, 1 << 64, (blocks, 2), dtype=np.uint64)
    return np.tile(drawn[:1], (blocks, 1)) if equal else drawn


def test_the_truth_that_scores_is_right(one: Pass) -> None:
    """Each row's plaintext row has its record, its bands and, under the file's own secret, its block."""
    assert (one.answer.record[one.truth.row] == one.truth.record).all()
    assert (one.answer.made[one.truth.row] == one.seen.columns["block"]).all()
    assert (one.answer.bands[one.truth.row] == one.seen.bands).all()
    assert (one.plain.record == one.answer.record).all()
    assert len(np.intersect1d(one.plain.made, one.answer.made)) == 0, "the attacker has no key"


def test_hashes_of_every_identifier_in_one_row_name_nearly_everybody(file: MadeUp) -> None:
    attacks = hashed_identifiers(file.clean, rng=np.random.default_rng(1)).attacks
    assert attacks["a"] > 0.95
    assert attacks["b"] > 0.5


def test_filters_under_one_key_are_read_across_rows(file: MadeUp) -> None:
    figures = plain_filters(file.clean, schema=SCHEMA, rng=np.random.default_rng(1))
    assert figures.parts["d_rows_across"] > 0.8
    assert figures.parts["d_values_across"] > 0.3


def test_a_family_key_is_read_by_its_distances(file: MadeUp) -> None:
    figures = family_key(file, schema=SCHEMA, rng=np.random.default_rng(1))
    assert figures.attacks["e"] > 0.2
    assert figures.alone < 0.7


def test_tokens_with_the_same_keys_in_all_blocks_are_caught(one: Pass) -> None:
    values, rows = across(one, with_lanes(one, masks_of(one, equal=True)))
    assert values > 0.1
    assert rows > 0.6


def test_tokens_whose_masks_alone_differ_between_blocks_are_caught_by_their_differences(one: Pass) -> None:
    values, rows = across(one, with_lanes(one, masks_of(one, equal=False)))
    assert values < 0.02
    assert rows > 0.2


def test_the_real_tokens_of_the_same_pass_tell_nothing_across_blocks(one: Pass) -> None:
    assert across(one, one.seen) == (0.0, 0.0)


def test_rows_that_are_all_alone_in_their_blocks_tell_nothing_at_all(file: MadeUp) -> None:
    """One record a person, and the NHS number, which nobody shares: nothing is left but a rare pair of bands, and chance."""
    kept = np.zeros(file.clean.records, dtype=bool)
    kept[np.unique(file.person, return_index=True)[1]] = True
    kept[file.clean.record[file.clean.records :]] = False
    alone = MadeUp(file.clean.keep(kept), file.person[kept])
    only = with_keys(SCHEMA, {"nhs": ["nhs_number.whole"]})
    figures = measure(alone, schema=only, rng=np.random.default_rng(5), only="nhs").passes[0]
    assert figures.rows > 1_000
    assert figures.alone == 1.0
    assert {a: figures.attacks[a] for a in "bde"} == {"b": 0.0, "d": 0.0, "e": 0.0}
    assert figures.attacks["a"] <= 0.005
    assert figures.attacks["c"] <= 1.01 / figures.rows


def test_the_attacks_read_no_truth(one: Pass) -> None:
    """The attacker's plaintext in another order gives the same shares: nothing in the attacks goes by the place of a row."""

    def shares(plain: KnownPass, answer: KnownPass, truth: Truth) -> dict[str, float]:
        return attack_with_copy(
            one.seen, plain, answer=answer, truth=truth, rng=np.random.default_rng(3)
        ).shares

    order = np.random.default_rng(2).permutation(len(one.plain.block))
    back = np.argsort(order)
    moved = [_reordered(side, order) for side in (one.plain, one.answer)]
    groups = moved[0].block
    row = back[one.truth.row]
    of_block = np.zeros_like(one.truth.group_of_block)
    of_block[one.seen.block] = groups[row]
    there = Truth(row, one.truth.record, groups[row], of_block)
    a, b = shares(one.plain, one.answer, one.truth), shares(moved[0], moved[1], there)
    assert a["a"] == b["a"]
    assert a["c"] == pytest.approx(b["c"])
    for attack in "de":
        assert a[attack] == pytest.approx(b[attack], abs=0.03)


def _reordered(side: KnownPass, order: npt.NDArray[np.int64]) -> KnownPass:
    values = tuple(type(v)(v.number[order], v.table, v.slot, v.bits_per_gram) for v in side.values)
    return KnownPass(
        side.layout, side.record[order], side.block[order], side.made[order], side.bands[order], values
    )
