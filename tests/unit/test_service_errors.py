"""Every error of ours has its exit code, and none is told with the folders it came from."""

import inspect
from pathlib import Path

import pytest

import ethics.errors
import keys.errors
import linkage.errors
import linkage.people.errors
import policies.disclosure.errors
import policies.errors
import service.errors
from linkage.errors import BadInput
from service.errors import UNEXPECTED, exit_code, said
from service.texts import read_text

MODULES = (
    keys.errors, linkage.errors, linkage.people.errors, policies.errors, policies.disclosure.errors, ethics.errors, service.errors,
)  # fmt: skip
OURS = {c for m in MODULES for _, c in inspect.getmembers(m, inspect.isclass) if issubclass(c, Exception)}


def bare(kind: type[Exception]) -> Exception:
    """An error of that kind, whatever its constructor asks for."""
    return kind.__new__(kind)


@pytest.mark.parametrize("kind", sorted(OURS, key=lambda c: c.__name__))
def test_every_error_of_ours_has_a_documented_exit_code(kind: type[Exception]) -> None:
    assert exit_code(bare(kind)) in {10, 11, 12, 13, 14, 16}


@pytest.mark.parametrize("kind", [ValueError, KeyError, AssertionError, ZeroDivisionError, Exception])
def test_a_fault_of_the_program_is_none_of_them(kind: type[Exception]) -> None:
    assert exit_code(kind()) == UNEXPECTED


def test_the_narrower_of_two_codes_decides() -> None:
    assert exit_code(bare(ethics.errors.BadProof)) == 14
    assert exit_code(bare(ethics.errors.BadVote)) == 13
    assert exit_code(bare(policies.errors.Refused)) == 12
    assert exit_code(bare(service.errors.CustodianRefused)) == 12
    assert exit_code(bare(service.errors.CustodianUnavailable)) == 16


def test_a_file_that_the_system_refuses_is_named_without_its_folders(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file") as caught:
        (tmp_path / "home-of-jane" / "x.json").write_text("", encoding="utf-8")
    assert said(caught.value) == "x.json: No such file or directory"
    assert exit_code(caught.value) == 10


def test_a_text_is_read_or_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("É", encoding="utf-8")
    (tmp_path / "b.txt").write_bytes(b"\xc9")
    assert read_text(tmp_path / "a.txt") == "É"
    for name, saying in (("b.txt", "b.txt is no UTF-8 text"), ("c.txt", "^no file c.txt$")):
        with pytest.raises(BadInput, match=saying):
            read_text(tmp_path / name)
    with pytest.raises(BadInput, match="cannot be read"):
        read_text(tmp_path)
