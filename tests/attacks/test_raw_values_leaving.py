"""A fault that would let names out: planted in a real submission, in a token file before its seal, in the manifest, as a column or one by one."""

import io
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from keys import Identity, Secret
from linkage.errors import BadInput, RawValueFound
from linkage.manifest import MANIFEST_NAME, Round
from linkage.partner.exclusions.exclusions import Exclusion
from linkage.partner.normalise import ColumnMapping, normalise
from linkage.partner.rawsearch.needles import Needles, needles
from linkage.partner.rawsearch.search import RawSearch, Searcher
from linkage.partner.submission import Recipients, Submission, seal_submission
from linkage.partner.suggestions.public_words import manifest_words, public_words
from linkage.partner.tokenise import Tokeniser, record_refs
from linkage.schema import Schema, load_schema
from tests.in_one_portion import exclude

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
OWN = Secret(b"o" * 32, name="own")
ROLES = ("linker", "assembler", "custodian")
# Words of the submission itself, as surnames and streets: in their own place they are not somebody's.
OUR_WORDS = ("Linker", "Partner", "Surname", "Police", "Records", "Master", "2026-03-01", "Postcode")
CUT = {"nhs_number": "nhs", "date_of_birth": "born", "surname": "last", "forename": "first", "postcode": "code"}


def people(count: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    letters = np.array(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    names = ["".join(rng.choice(letters, 6 + n % 5)).title() for n in range(count)]
    return pd.DataFrame(
        {
            "id": [f"local-{n:05d}" for n in range(count)],
            "first": [n[::-1].title() for n in names],
            "last": [*OUR_WORDS, *names[len(OUR_WORDS) :]],
            "born": [
                f"{pd.Timestamp('1980-01-01') + pd.Timedelta(days=31 * n):%Y-%m-%d}" for n in range(count)
            ],
            "code": [f"OX{n % 9 + 1} {n % 10}A{'BDEFG'[n % 5]}" for n in range(count)],
            "nhs": [valid_number(n) for n in range(count)],
        }
    )


def valid_number(at: int) -> str:
    """An NHS number with its check digit, one of a range that is for tests."""
    for start in range(999_000_000 + 10 * at, 999_000_000 + 10 * at + 10):
        digits = [int(d) for d in str(start)]
        check = (11 - sum(d * (10 - i) for i, d in enumerate(digits)) % 11) % 11
        if check != 10:
            return f"{start}{check}"
    raise AssertionError("no check digit fits any of ten numbers")


class Sent:
    """A submission of made-up people, with the plain bytes of every file that was sealed."""

    def __init__(self, schema: Schema, folder: Path, *, without: frozenset[str] = frozenset()) -> None:
        self.rows, self.schema, self.plain = people(), schema, dict[str, bytes]()
        clean, _ = normalise(self.rows, schema=schema, mapping=ColumnMapping("id", CUT), file="a.csv")
        if without:
            objections = Exclusion(
                "objections", "record_id", without, date(2026, 2, 1), "l.csv", keeps=False, without="kept"
            )
            clean = exclude(clean, exclusions=[objections], on=AT.date()).clean
        parties = {r: Identity.make(f"{r}/1") for r in (*ROLES, "police/officer")}
        self.parties = ["police", "violence-prevention", *(p.name for p in parties.values())]
        self.submission: Submission = seal_submission(
            Tokeniser(
                clean,
                schema=schema,
                secret=Secret(b"s" * 32, name="s"),
                own=OWN,
                randomness=np.random.default_rng(1).bytes,
            ),
            schema=schema,
            attributes=None,
            attribute_gateways={},
            token_gateway="made-up gateway",  # noqa: S106  the name of a legal gateway
            one=Round("violence-prevention", 1, schema.digest),
            secret=Secret(b"s" * 32, name="s"),
            signer=parties["police/officer"],
            partner="police",
            recipients=Recipients(*(parties[r].public for r in ROLES)),
            folder=folder,
            now=AT,
            watch=self,
        )

    def see(self, data: bytes, *, file: str) -> None:
        self.plain[file] = self.plain.get(file, b"") + data

    def part(self) -> "Sent":
        return self

    def seen(self) -> None:
        pass

    def add(self, seen: None) -> None:
        pass

    def needles(self) -> Needles:
        return needles({c: pa.array(self.rows[c], pa.string()) for c in self.rows.columns})

    def search(self, folder: Path) -> RawSearch:
        searcher = Searcher(self.needles(), known=public_words(self.schema, parties=self.parties))
        for path in sorted(folder.iterdir()):
            searcher.read(path, known=manifest_words(self.submission.manifest))
        for file, plain in self.plain.items():
            searcher.see(plain, file=file)
        return searcher.result()


@pytest.fixture(scope="module")
def schema(few_keys: str) -> Schema:
    return load_schema(few_keys)


@pytest.fixture(scope="module")
def sent(schema: Schema, tmp_path_factory: pytest.TempPathFactory) -> Sent:
    return Sent(schema, tmp_path_factory.mktemp("sent") / "police")


@pytest.fixture
def folder(sent: Sent, tmp_path: Path) -> Path:
    """A copy of the submission, to be altered."""
    return Path(shutil.copytree(sent.submission.folder, tmp_path / "copy"))


def plant(path: Path, planted: bytes, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at : at + len(planted)] = planted
    path.write_bytes(content)


def test_an_honest_submission_passes_though_people_are_called_like_its_own_words(sent: Sent) -> None:
    result = sent.search(sent.submission.folder)
    assert result.found == ()
    result.require_none()


@pytest.mark.parametrize("form", [str, str.upper, str.lower])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
@pytest.mark.parametrize("place", [5_000, 1_700, 600])
def test_one_long_name_in_one_sealed_file_stops_the_submission(
    form: type[str], encoding: str, place: int, sent: Sent, folder: Path
) -> None:
    name = sent.rows["last"].iloc[14]
    assert len(name) == 10
    plant(folder / "names-year.tokens.sealed", form(name).encode(encoding), place)
    result = sent.search(folder)
    assert [(f.file, f.offset, f.identifier) for f in result.found] == [
        ("names-year.tokens.sealed", place, "last")
    ]
    with pytest.raises(
        RawValueFound, match=r"names-year\.tokens\.sealed, byte [0-9,]+: a value of last"
    ) as refused:
        result.require_none()
    assert isinstance(refused.value, BadInput)
    assert name.lower() not in str(refused.value).lower()


@pytest.mark.parametrize("column", ["id", "first", "last", "born", "code", "nhs"])
def test_any_one_value_in_the_readable_manifest_stops_the_submission(
    column: str, sent: Sent, folder: Path
) -> None:
    value = sent.rows[column].iloc[250]
    path = folder / MANIFEST_NAME
    path.write_text(path.read_text("utf-8").replace('"partner"', f'"note": "{value}",\n "partner"', 1), "utf-8")
    assert {(f.file, f.identifier) for f in sent.search(folder).found} == {(MANIFEST_NAME, column)}


def test_a_word_of_ours_in_another_place_is_somebodys_name(sent: Sent, folder: Path) -> None:
    path = folder / MANIFEST_NAME
    path.write_text(path.read_text("utf-8").replace('"partner"', '"note": "linker",\n "partner"', 1), "utf-8")
    assert [f.identifier for f in sent.search(folder).found] == ["last"]


def leaked(sent: Sent, plain: bytes) -> RawSearch:
    searcher = Searcher(sent.needles(), known=public_words(sent.schema, parties=sent.parties))
    searcher.see(plain, file="born-name.tokens.sealed")
    return searcher.result()


def test_a_text_column_in_a_token_file_is_found_before_it_is_sealed(sent: Sent) -> None:
    sink = io.BytesIO()
    table = pa.table(
        {"row_ref": np.random.default_rng(1).integers(0, 2**62, 300), "left": sent.rows["last"].tolist()}
    )
    with pa.ipc.new_stream(sink, table.schema) as out:
        out.write_table(table)
    result = leaked(sent, sink.getvalue())
    assert result.places > 200
    assert {f.file for f in result.found} == {"born-name.tokens.sealed before it is sealed"}


def test_nhs_numbers_as_whole_numbers_in_a_lane_are_found(sent: Sent) -> None:
    lane = sent.rows["nhs"].astype("int64").to_numpy()
    noise = np.random.default_rng(2).integers(-(2**62), 2**62, 300)
    assert {f.identifier for f in leaked(sent, np.column_stack([noise, lane]).tobytes()).found} == {"nhs"}
    assert leaked(sent, noise.tobytes()).found == ()


def test_six_letters_once_may_be_chance_and_several_times_are_not(sent: Sent) -> None:
    """In three million random bytes: one short name is put down to chance, a column of them is not."""
    data = bytearray(np.random.default_rng(3).bytes(3_000_000))
    short = [n for n in sent.rows["last"] if len(n) == 6]
    data[1000:1006] = short[10].encode()
    once = leaked(sent, bytes(data))
    assert (once.found, once.by_chance) == ((), 1)
    assert once.sure_from in (7, 8)
    for at, name in enumerate(short):
        data[100_000 + 50 * at : 100_006 + 50 * at] = name.encode()
    assert leaked(sent, bytes(data)).places == len(short) + 1


def test_names_run_together_look_like_base64_and_are_found_all_the_same(sent: Sent) -> None:
    assert leaked(sent, "".join(sent.rows["last"]).encode()).places > 200


def test_a_sample_of_the_values_still_finds_a_column(sent: Sent) -> None:
    some = pa.array(sent.rows["last"].iloc[100:120], pa.string())
    searcher = Searcher(needles({"last": some}), left_out=280)
    searcher.see("\x00".join(sent.rows["last"]).encode(), file="a")
    result = searcher.result()
    assert result.places == 20
    assert result.values_left_out == 280


def test_zeros_row_numbers_and_bands_are_nobodys_values(sent: Sent) -> None:
    plain = [np.zeros(50_000, dtype=np.int64), np.arange(200_000), np.tile(np.int8([0, 1, 2]), 50_000)]
    assert leaked(sent, b"".join(p.tobytes() for p in plain)).found == ()


def test_a_number_with_a_zero_byte_is_not_met_among_row_numbers() -> None:
    """9,990,242,304 is a multiple of 65,536: read across two row numbers, its eight bytes stand in any long list of them."""
    searcher = Searcher(needles({"nhs": pa.array(["9990242304"])}))
    searcher.see(np.arange(400_000).tobytes(), file="a")
    result = searcher.result()
    assert (result.found, result.by_chance) == ((), 0)


def test_one_short_name_in_readable_text_is_enough() -> None:
    """Where there are so many names of six letters that one among random bytes is put down to chance."""
    letters = np.array(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    rng = np.random.default_rng(8)
    names = ["".join(n) for n in rng.choice(letters, (30_000, 6))]
    made, name = needles({"surname": pa.array(names)}), names[100].encode()
    noise = rng.bytes(100_000)
    for text, found in ((b'{"made": "today", "note": "%s"}' % name, 1), (b"\x00" + name + b"\x00", 0)):
        searcher = Searcher(made)
        searcher.see(noise + text + noise, file="a")
        assert searcher.result().places == found


def test_values_without_letters_or_digits_are_no_values() -> None:
    made = needles({"a": pa.array(["------", "\x00" * 8, "      ", None], pa.string())})
    assert (made.values, made.short, len(made.keys)) == (0, 0, 0)
    searcher = Searcher(made)
    searcher.see(bytes(100) + b"------", file="a")
    assert searcher.result().found == ()


def test_short_values_are_counted_and_not_claimed() -> None:
    made = needles({"forename": pa.array(["Tom", "Ann", "Featherstone"])})
    assert (made.values, made.short) == (1, 2)


def test_nothing_of_the_excluded_is_in_any_plain_file(sent: Sent, schema: Schema, tmp_path: Path) -> None:
    gone = frozenset(sent.rows["id"].iloc[:40])
    less = Sent(schema, tmp_path / "less", without=gone)
    refs = {
        i: bytes(r)
        for i, r in zip(sent.rows["id"], record_refs(sent.rows["id"].tolist(), own=OWN), strict=True)
    }
    before, after = (b"".join(one.plain.values()) for one in (sent, less))
    assert all(refs[i] in before for i in gone)
    assert not any(refs[i] in after for i in gone)
    assert all(refs[i] in after for i in refs if i not in gone)
