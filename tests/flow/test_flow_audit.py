"""The published log and the offline proof: whoever changes a byte is found out, with nothing but the files."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ethics.roles import log_keys
from ethics.verify import verify_directory
from keys.trust import read_register
from service.demonstration.cast import NOW

BAD_INPUT, BAD_KEY, NOT_VERIFIED = 10, 11, 14
SAMPLES = 24


@pytest.fixture
def log(demo: Any, tmp_path: Path) -> Path:
    """A copy of what the public can fetch; its log."""
    shutil.copytree(demo.places.public, tmp_path / "public")
    return tmp_path / "public" / "audit"


@pytest.fixture
def verify(demo: Any, command: Callable[..., Any]) -> Callable[..., Any]:
    """Checks a log as an auditor does who has the root from elsewhere."""
    return lambda log, *more: command("audit", "verify", log, "--root", demo.places.shared / "root.json", *more)


def names(demo: Any) -> list[str]:
    folder = demo.places.public / "audit"
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_the_published_log_verifies_and_tells_every_step(
    demo: Any, log: Path, verify: Callable[..., Any]
) -> None:
    told = verify(log)
    assert told.code == 0
    assert told.out.startswith(f"audit: {demo.story.events} events, checkpoint verifies, 5 witnesses\n")
    assert "trust register of vpp-demo, version 1 of 2026-01-01" in told.out
    every = verify(log, "--shared", demo.places.shared, "--witnesses", 5)
    assert every.out == told.out.replace("at least 3", "at least 5")
    keys = log_keys(read_register((log.parent / "trust.note").read_text("utf-8"), root=demo.cast.root), at=NOW)
    found = verify_directory(log, log=keys.log, witnesses=keys.witnesses, quorum=5)
    kinds = [e.kind for e in found.events]
    for kind, times in {
        "secret-delivered": 5, "submission-received": 5, "linkage-run": 1, "people-formed": 1, "vote-cast": 7, "policy-recommended": 1,
        "policy-adopted": 5, "request-made": 2, "request-refused": 1, "request-allowed": 1, "release-made": 1,
    }.items():  # fmt: skip
        assert kinds.count(kind) == times, kind


def test_one_byte_changed_anywhere_in_the_published_log_is_found(
    demo: Any, log: Path, verify: Callable[..., Any]
) -> None:
    assert len(names(demo)) == 3
    for name in names(demo):
        whole = (log / name).read_bytes()
        step = max(1, len(whole) // SAMPLES)
        for at in [*range(0, len(whole), step), len(whole) - 1]:
            (log / name).write_bytes(bytes([*whole[:at], whole[at] ^ 1, *whole[at + 1 :]]))
            told = verify(log)
            assert told.code == NOT_VERIFIED, (name, at)
            assert told.out == ""
            assert 0 < len(told.err.strip().split("\n")) <= 3
        (log / name).write_bytes(whole)
    assert verify(log).code == 0


@pytest.mark.parametrize("cut", [0, 1, 0.5, -1])
def test_a_file_of_the_log_that_is_cut_short_or_gone_is_found(
    demo: Any, log: Path, verify: Callable[..., Any], cut: float
) -> None:
    for name in names(demo):
        whole = (log / name).read_bytes()
        end = int(cut) if cut in (0, 1, -1) else int(len(whole) * cut)
        (log / name).write_bytes(whole[:end])
        assert verify(log).code == NOT_VERIFIED, name
        (log / name).unlink()
        assert verify(log).code == NOT_VERIFIED, name
        (log / name).write_bytes(whole)


def test_a_file_added_to_the_log_is_found(log: Path, verify: Callable[..., Any]) -> None:
    (log / "tile" / "0" / "more").write_bytes(b"x")
    assert verify(log).code == NOT_VERIFIED


def test_cosignatures_taken_out_below_the_quorum_are_missed(log: Path, verify: Callable[..., Any]) -> None:
    lines = (log / "checkpoint").read_text("utf-8").split("\n")
    witnessed = [n for n, line in enumerate(lines) if line.startswith("— ") and "/witness " in line]
    assert len(witnessed) == 5
    kept = [line for n, line in enumerate(lines) if n not in witnessed[:3]]
    (log / "checkpoint").write_text("\n".join(kept), encoding="utf-8")
    told = verify(log)
    assert told.code == NOT_VERIFIED


def test_more_witnesses_than_have_cosigned_can_be_asked_for(log: Path, verify: Callable[..., Any]) -> None:
    assert verify(log, "--witnesses", 6).code == NOT_VERIFIED


def test_a_register_that_names_other_keys_for_the_log_is_not_signed_by_the_root(
    log: Path, verify: Callable[..., Any]
) -> None:
    path = log.parent / "trust.note"
    text = path.read_text("utf-8")
    path.write_text(
        text.replace('"audit-log"', '"spare"').replace('"witness"', '"audit-log"'), encoding="utf-8"
    )
    told = verify(log)
    assert (told.code, told.out) == (BAD_KEY, "")


def test_the_keys_of_another_project_with_another_root_do_not_verify(
    demo: Any, log: Path, command: Callable[..., Any], tmp_path: Path
) -> None:
    body = demo.cast.root.to_json()
    body["keys"] = body["keys"][2:]
    body["quorum"] = 1
    (tmp_path / "other.json").write_text(json.dumps(body), encoding="utf-8")
    told = command("audit", "verify", log, "--root", tmp_path / "other.json")
    assert (told.code, told.out) == (BAD_KEY, "")


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format": "linkage-root/v1"}', '{"format": "other"}'])
def test_a_root_that_is_none_is_bad_input(
    log: Path, command: Callable[..., Any], tmp_path: Path, text: str
) -> None:
    (tmp_path / "root.json").write_text(text, encoding="utf-8")
    told = command("audit", "verify", log, "--root", tmp_path / "root.json")
    assert (told.code, told.out) == (BAD_INPUT, "")


def test_a_log_without_its_register_says_what_is_missing(
    demo: Any, log: Path, verify: Callable[..., Any]
) -> None:
    (log.parent / "trust.note").unlink()
    told = verify(log)
    assert told.code == BAD_INPUT
    assert "--keys" in told.err
    register = demo.places.shared / "trust.note"
    assert verify(log, "--keys", register).code == 0
    both = verify(log, "--keys", register, "--shared", demo.places.shared)
    assert both.code == BAD_INPUT
    assert "leave one out" in both.err


@pytest.fixture
def package(demo: Any, tmp_path: Path) -> tuple[Path, Path, Path]:
    """The proof, the entry and the root, all that a reader of a release has besides the trust register that lies with them."""
    home = demo.places.analyst / demo.story.release
    shared = demo.places.shared
    for path in (
        home / "audit-proof.txt",
        home / "audit-entry.json",
        shared / "root.json",
        shared / "trust.note",
    ):
        shutil.copyfile(path, tmp_path / path.name)
    return tmp_path / "audit-proof.txt", tmp_path / "audit-entry.json", tmp_path / "root.json"


def test_a_release_is_proved_to_be_in_the_log_offline(
    demo: Any, package: tuple[Path, Path, Path], command: Callable[..., Any]
) -> None:
    proof, entry, root = package
    told = command("audit", "proof", proof, entry, "--root", root)
    assert told.code == 0
    assert "(release-made) is in the log of" in told.out
    assert json.loads(entry.read_bytes())["details"]["release"] == demo.story.release


@pytest.mark.parametrize("which", [0, 1])
def test_a_proof_or_an_entry_with_a_byte_changed_proves_nothing(
    package: tuple[Path, Path, Path], command: Callable[..., Any], which: int
) -> None:
    whole = package[which].read_bytes()
    step = max(1, len(whole) // SAMPLES)
    for at in [*range(0, len(whole), step), len(whole) - 1]:
        package[which].write_bytes(bytes([*whole[:at], whole[at] ^ 1, *whole[at + 1 :]]))
        told = command("audit", "proof", package[0], package[1], "--root", package[2])
        assert told.code == NOT_VERIFIED, at
        assert told.out == ""
    package[which].write_bytes(b"\xff\xfe\x00" + whole)
    assert command("audit", "proof", package[0], package[1], "--root", package[2]).code == NOT_VERIFIED


def test_a_proof_of_one_entry_does_not_prove_another(
    demo: Any, package: tuple[Path, Path, Path], command: Callable[..., Any]
) -> None:
    proof, entry, root = package
    other = json.loads(entry.read_bytes())
    other["details"]["hidden"] = 0
    entry.write_text(json.dumps(other, sort_keys=True, separators=(",", ":")), encoding="utf-8")
    assert command("audit", "proof", proof, entry, "--root", root).code == NOT_VERIFIED
