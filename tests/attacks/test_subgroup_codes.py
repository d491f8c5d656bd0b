"""Subgroup codes reach the assembler alone; forged, foreign and repeated ones are refused; and nothing about a code shows in sizes, manifests or reports."""

import hashlib
import json
import runpy
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import service.clock
from keys import BadSeal, Identity, open_sealed, seal, sign_note
from keys.notes import split_note
from linkage.central.assembly.codes import standing_codes
from linkage.central.assembly.maps import Reader
from linkage.errors import BadSubmission
from linkage.manifest import MANIFEST_FORMAT, Manifest, read_manifest
from linkage.partner.tokens import statistics
from linkage.subgroups import SUBGROUPS_KNOWN, SubgroupCodes, read_subgroups, write_subgroups
from service.demonstration.cast import NOW

S = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "subgroup_office.py")))
FILE = "subgroups.sealed"


@pytest.fixture(scope="module")
def _coded(_submitted: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Police have made a submission with codes; nothing is received."""
    made = _submitted.copied(tmp_path_factory.mktemp("coded") / "project")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service.clock, "now", lambda: NOW + timedelta(hours=1))
        patch.setattr(statistics, "PAIRS", 500)
        S.export(made)
        made.well(S.submit(made))
    return made


@pytest.fixture
def coded(
    _coded: Any, tmp_path: Path, small_statistics: None, no_power_failure: None, set_clock: Callable[..., None]
) -> Any:
    set_clock(NOW + timedelta(hours=2))
    return _coded.copied(tmp_path / "project")


def sent(p: Any) -> Path:
    return Path(p.home("police/officer") / "coded")


def manifest(folder: Path) -> Manifest:
    return read_manifest(split_note((folder / "manifest.note").read_text("utf-8"))[0].partition("\n")[2])


def context(one: Manifest) -> bytes:
    return one.round.context("police", "records", "subgroups")


def opened(p: Any) -> SubgroupCodes:
    """The codes, opened as only the assembler can."""
    one = manifest(sent(p))
    by = Identity.load(p.key("assembler/1"))
    data = open_sealed((sent(p) / FILE).read_bytes(), by=by, context=context(one))
    return read_subgroups(data, kinds=one.subgroups, partner="police")


def resigned(folder: Path, change: Callable[[dict[str, Any]], None], *, by: Identity) -> None:
    path = folder / "manifest.note"
    value = json.loads(split_note(path.read_text("utf-8"))[0].partition("\n")[2])
    change(value)
    path.write_text(
        sign_note(f"{MANIFEST_FORMAT}\n{json.dumps(value, indent=1, sort_keys=True)}\n", by=by), "utf-8"
    )


def take_in(p: Any) -> None:
    p.well(p.receive(sent(p), receipt="police.receipt"))
    p.well(p.receive(p.sent("schools"), receipt="schools.receipt"))


def test_the_codes_lie_with_the_assembler_and_nowhere_else_at_the_centre(coded: Any) -> None:
    take_in(coded)
    coded.well(S.quality(coded))
    sealed = (sent(coded) / FILE).read_bytes()
    places = {
        path.relative_to(coded.folder).parts[:2]
        for home in ("desk/1", "linker/1", "assembler/1", "custodian/1")
        for path in coded.home(home).rglob("*")
        if path.is_file() and sealed in path.read_bytes()
    }
    assert places == {("desk-1", "for-assembler"), ("assembler-1", "inbox")}


@pytest.mark.parametrize("reader", ["linker/1", "desk/1", "custodian/1", "schools/officer", "police/officer"])
def test_nobody_but_the_assembler_opens_them(coded: Any, reader: str) -> None:
    by = Identity.load(coded.key(reader))
    with pytest.raises(BadSeal):
        open_sealed((sent(coded) / FILE).read_bytes(), by=by, context=context(manifest(sent(coded))))


def test_the_linkers_model_and_run_are_the_same_words_with_codes_and_without(coded: Any) -> None:
    """It is told by the manifest that codes were sent, and of nobody which."""
    take_in(coded)
    coded.well(coded.link())
    home = coded.home("linker/1")
    said = b"".join(p.read_bytes() for p in home.rglob("*") if p.is_file() and p.name != "manifest.note")
    assert b"ethnic" not in said
    assert b"subgroup" not in said


def test_no_size_tells_who_is_in_which_group(coded: Any) -> None:
    sizes = {f.name: f.size for f in manifest(sent(coded)).files if f.name == FILE}
    S.export(coded, code=lambda n: "W" if n % 2 else "B")
    coded.well(S.submit(coded, out="other"))
    other = {f.name: f.size for f in manifest(sent(coded).with_name("other")).files if f.name == FILE}
    assert sizes == other


def test_a_rare_code_does_not_leave_and_is_not_the_only_one_missing(coded: Any) -> None:
    """Four of police's records have one: the assembler gets them as unknown."""
    numbers = opened(coded).codes["ethnic_group"]
    counts = dict(zip(SUBGROUPS_KNOWN["ethnic_group"], np.bincount(numbers, minlength=6).tolist(), strict=True))
    assert counts == {"unknown": 16, "asian": 0, "black": 50, "mixed": 0, "white": 174, "other": 0}


# What a dishonest officer could send, each signed and sealed as it should be.
def of_a_stranger(codes: SubgroupCodes) -> bytes:
    refs = codes.record_ref.copy()
    refs[0] = 7
    return write_subgroups(SubgroupCodes(refs, codes.codes), partner="police")


def of_too_few(codes: SubgroupCodes) -> bytes:
    fewer = {k: v[1:] for k, v in codes.codes.items()}
    return write_subgroups(SubgroupCodes(codes.record_ref[1:], fewer), partner="police")


def twice(codes: SubgroupCodes) -> bytes:
    again = {k: np.append(v, v[:1]) for k, v in codes.codes.items()}
    return write_subgroups(
        SubgroupCodes(np.concatenate([codes.record_ref, codes.record_ref[:1]]), again), partner="police"
    )


def beyond_the_list(codes: SubgroupCodes) -> bytes:
    numbers = codes.codes["ethnic_group"].copy()
    numbers[0] = 6
    return write_subgroups(SubgroupCodes(codes.record_ref, {"ethnic_group": numbers}), partner="police")


def of_another_kind(codes: SubgroupCodes) -> bytes:
    numbers = codes.codes["ethnic_group"]
    return write_subgroups(SubgroupCodes(codes.record_ref, {"language_need": numbers}), partner="police")


def of_two_kinds(codes: SubgroupCodes) -> bytes:
    numbers = codes.codes["ethnic_group"]
    both = {"ethnic_group": numbers, "sex": np.zeros_like(numbers)}
    return write_subgroups(SubgroupCodes(codes.record_ref, both), partner="police")


def of_another_partner(codes: SubgroupCodes) -> bytes:
    return write_subgroups(codes, partner="schools")


def of_an_older_version(codes: SubgroupCodes) -> bytes:
    return write_subgroups(codes, partner="police").replace(b"linkage-subgroups/v1", b"linkage-subgroups/v0", 1)


def of_a_newer_version(codes: SubgroupCodes) -> bytes:
    return write_subgroups(codes, partner="police").replace(b"linkage-subgroups/v1", b"linkage-subgroups/v2", 1)


FORGED = {
    of_a_stranger: "a subgroup code of a record that is not there",
    of_too_few: "leaves records without a subgroup code",
    twice: "two subgroup codes of one record",
    beyond_the_list: "a code of ethnic_group that its closed list has not",
    of_another_kind: "not of the kinds that its manifest names",
    of_two_kinds: "not of the kinds that its manifest names",
    of_another_partner: "belong elsewhere",
    of_an_older_version: "should be linkage-subgroups/v1",
    of_a_newer_version: "should be linkage-subgroups/v1",
}


def sealed_anew(p: Any, content: bytes, *, bound_to: bytes | None = None) -> None:
    """The codes' file with other content, and the manifest that lists it."""
    one = manifest(sent(p))
    to = Identity.load(p.key("assembler/1")).public
    sealed = seal(content, to=to, context=bound_to or context(one))
    (sent(p) / FILE).write_bytes(sealed)

    def change(value: dict[str, Any]) -> None:
        (its,) = (f for f in value["files"] if f["name"] == FILE)
        its.update(sha256=hashlib.sha256(sealed).hexdigest(), size=len(sealed))

    resigned(sent(p), change, by=p.people["police/officer"])


def read_by_the_assembler(p: Any) -> None:
    inbox = p.folder / "inbox"
    (inbox / "police").mkdir(parents=True)
    for path in sent(p).iterdir():
        (inbox / "police" / path.name).write_bytes(path.read_bytes())
    head = manifest(inbox / "police")
    standing_codes(Reader(inbox, head.round, Identity.load(p.key("assembler/1"))), head)


def test_the_codes_as_sent_are_read(coded: Any) -> None:
    read_by_the_assembler(coded)


@pytest.mark.parametrize("forge", FORGED, ids=lambda f: f.__name__)
def test_forged_or_foreign_codes_are_refused(coded: Any, forge: Callable[[SubgroupCodes], bytes]) -> None:
    sealed_anew(coded, forge(opened(coded)))
    with pytest.raises(BadSubmission, match=FORGED[forge]) as caught:
        read_by_the_assembler(coded)
    assert "p-0" not in str(caught.value)


def test_the_report_is_not_made_of_forged_codes(coded: Any) -> None:
    sealed_anew(coded, of_a_stranger(opened(coded)))
    take_in(coded)
    told = S.quality(coded)
    assert told.code == 10
    assert "Traceback" not in told.err
    assert not list(coded.folder.glob("quality.*"))


@pytest.mark.parametrize(
    "place", [("police", "records"), ("schools", "records", "subgroups"), ("police", "born")]
)
def test_codes_bound_to_another_place_do_not_open(coded: Any, place: tuple[str, ...]) -> None:
    content = write_subgroups(opened(coded), partner="police")
    sealed_anew(coded, content, bound_to=manifest(sent(coded)).round.context(*place))
    with pytest.raises(BadSeal):
        read_by_the_assembler(coded)


def test_codes_that_were_altered_or_taken_away_after_they_came_in_are_missed(coded: Any) -> None:
    take_in(coded)
    coded.well(S.quality(coded))
    path = coded.home("desk/1") / "for-assembler" / "police" / FILE
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert "is not the file of its manifest" in S.quality(coded).err
    path.unlink()
    assert "receive its submission again" in S.quality(coded).err


MANIFESTS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "for another purpose": lambda m: m["subgroups"].update(purpose="service-evaluation"),
    "of a kind that there is not": lambda m: m["subgroups"].update(gateways={"religion": "PCSC-s16"}),
    "without gateways": lambda m: m["subgroups"].update(gateways={}),
    "with a word more": lambda m: m["subgroups"].update(also="this"),
    "that does not say so": lambda m: m.pop("subgroups"),
    "without the file": lambda m: m.update(files=[f for f in m["files"] if f["name"] != FILE]),
}


@pytest.mark.parametrize("what", MANIFESTS)
def test_a_manifest_that_says_something_else_of_its_codes_is_refused(coded: Any, what: str) -> None:
    resigned(sent(coded), MANIFESTS[what], by=coded.people["police/officer"])
    told = coded.receive(sent(coded), receipt="police.receipt")
    assert told.code == 10
    assert not (coded.home("desk/1") / "for-assembler").exists()
