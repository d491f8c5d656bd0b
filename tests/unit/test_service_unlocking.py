"""Where a passphrase comes from: first the environment, then the keyring, then whoever sits at the terminal; and which new ones are taken."""

import io
import os
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import keyring
import pytest
from keyring.errors import KeyringLocked

from keys import Secret
from keys.errors import BadKeyFile
from keys.passphrase import Cost, protect
from service.errors import BAD_INPUT, BAD_KEY, BadPassphrase, NoKeyring, exit_code
from service.trust.keeping import forget, keep, kept, while_kept
from service.trust.unlocking import asking, chosen, unlocker

POSIX = pytest.mark.skipif(os.name != "posix", reason="file modes")
PHRASE = Secret(b"correct horse battery", name="passphrase")
FILE, NEW = "LINKAGE_PASSPHRASE_FILE", "LINKAGE_NEW_PASSPHRASE_FILE"


def private(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    path.chmod(0o600)
    return path


@pytest.fixture
def locked(tmp_path: Path) -> Path:
    content = protect(b"x", passphrase=PHRASE, randomness=os.urandom, cost=Cost(8, 1, 1))
    return private(tmp_path / "identity.key", content)


class Terminal:
    """Somebody who answers in order, and what was asked."""

    def __init__(self, *answers: str) -> None:
        self.answers, self.asked = list(answers), list[str]()

    def __call__(self, question: str) -> str:
        self.asked.append(question)
        return self.answers.pop(0)


# --- an existing file ----------------------------------------------------------------------------------------------------------


def test_the_file_that_the_environment_names_comes_first_then_the_variable_then_the_keyring_then_the_terminal(
    tmp_path: Path, locked: Path, made_up_keyring: Any
) -> None:
    named = private(tmp_path / "phrase", b"from the file\n")
    keep(locked.read_bytes(), passphrase=Secret(b"from the keyring", name="p"))
    environment = {FILE: str(named), "LINKAGE_PASSPHRASE": "from the variable"}
    terminal = Terminal("from the terminal")
    found = []
    for drop in (FILE, "LINKAGE_PASSPHRASE", None):
        found.append(unlocker(environment, ask=terminal)(str(locked)))
        environment.pop(drop or "", None)
    forget(locked.read_bytes())
    found.append(unlocker({}, ask=terminal)(str(locked)))
    assert [s.expose().decode() for s in found] == [f"from the {w}" for w in ("file", "variable", "keyring", "terminal")]  # fmt: skip
    assert [s.name for s in found] == [
        "passphrase in LINKAGE_PASSPHRASE_FILE",
        "passphrase in LINKAGE_PASSPHRASE",
        "passphrase from the keyring",
        "passphrase that was typed",
    ]
    assert terminal.asked == ["Passphrase of identity.key: "]


def test_an_empty_variable_counts_as_none(locked: Path) -> None:
    unlock = unlocker({FILE: "", "LINKAGE_PASSPHRASE": ""}, ask=Terminal("typed by hand"))
    assert unlock(str(locked)).expose() == b"typed by hand"


def test_each_file_is_asked_for_once_and_enter_means_the_same_as_before(tmp_path: Path, locked: Path) -> None:
    for name in ("project.secret", "own.secret"):
        private(tmp_path / name, locked.read_bytes())
    terminal = Terminal("the first one", "", "another one")
    unlock = unlocker({}, ask=terminal)
    names = ("identity.key", "project.secret", "own.secret", "identity.key", "project.secret")
    given = [unlock(str(tmp_path / name)).expose() for name in names]
    assert given == [b"the first one", b"the first one", b"another one", b"the first one", b"the first one"]
    assert terminal.asked == [
        "Passphrase of identity.key: ",
        "Passphrase of project.secret (Enter if it is the same): ",
        "Passphrase of own.secret (Enter if it is the same): ",
    ]


def test_nothing_typed_or_nobody_there_is_told(locked: Path) -> None:
    with pytest.raises(BadKeyFile, match="none was typed"):
        unlocker({}, ask=Terminal(""))(str(locked))
    with pytest.raises(BadKeyFile, match=f"no terminal to ask at: name a file with it in {FILE}") as caught:
        unlocker({}, ask=None)(str(locked))
    assert exit_code(caught.value) == BAD_KEY


def test_a_letter_composed_in_two_ways_is_one_passphrase(tmp_path: Path, locked: Path) -> None:
    text = "Grüße aus Ålesund"
    ways = [unicodedata.normalize(form, text) for form in ("NFC", "NFD")]
    assert ways[0] != ways[1]
    given = {unlocker({}, ask=Terminal(way))(str(locked)).expose() for way in ways}
    given |= {unlocker({"LINKAGE_PASSPHRASE": way}, ask=None)(str(locked)).expose() for way in ways}
    for way in ways:
        named = private(tmp_path / "phrase", way.encode())
        given.add(unlocker({FILE: str(named)}, ask=None)(str(locked)).expose())
    assert given == {text.encode()}


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n"])
def test_a_passphrase_file_may_end_its_line(tmp_path: Path, locked: Path, ending: bytes) -> None:
    named = private(tmp_path / "phrase", b" two words " + ending)
    assert unlocker({FILE: str(named)}, ask=None)(str(locked)).expose() == b" two words "


@pytest.mark.parametrize("content", [b"", b"\n", b"one\ntwo\n", b"\xff\xfe", b"x" * 4097])
def test_a_passphrase_file_that_is_not_one_line_of_text_is_refused(
    tmp_path: Path, locked: Path, content: bytes
) -> None:
    named = private(tmp_path / "phrase", content)
    with pytest.raises(BadKeyFile, match=r"^phrase, which LINKAGE_PASSPHRASE_FILE names, should hold one line"):
        unlocker({FILE: str(named)}, ask=Terminal("never asked"))(str(locked))


def test_a_passphrase_file_that_is_not_there_is_told_and_nothing_else_is_tried(
    tmp_path: Path, locked: Path
) -> None:
    for missing in (tmp_path / "none", tmp_path):
        environment = {FILE: str(missing), "LINKAGE_PASSPHRASE": "other"}
        with pytest.raises(BadKeyFile, match="LINKAGE_PASSPHRASE_FILE names no file"):
            unlocker(environment, ask=Terminal("never asked"))(str(locked))


@POSIX
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620])
def test_a_passphrase_file_that_others_can_open_is_refused_unless_it_is_mounted_read_only(
    tmp_path: Path, locked: Path, mode: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = private(tmp_path / "phrase", b"correct horse battery\n")
    named.chmod(mode)
    with pytest.raises(BadKeyFile, match="can be read by others: run chmod 600"):
        unlocker({FILE: str(named)}, ask=None)(str(locked))

    class ReadOnly:
        f_flag = os.ST_RDONLY

    monkeypatch.setattr(os, "statvfs", lambda _: ReadOnly)
    assert unlocker({FILE: str(named)}, ask=None)(str(locked)) == PHRASE


# --- the keyring ---------------------------------------------------------------------------------------------------------------


def test_a_keyring_that_cannot_be_asked_is_passed_over(
    locked: Path, made_up_keyring: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shut(*_: str) -> str:
        raise KeyringLocked

    keep(locked.read_bytes(), passphrase=PHRASE)
    monkeypatch.setattr(made_up_keyring, "get_password", shut)
    assert kept(locked.read_bytes()) is None
    forget(locked.read_bytes())
    assert unlocker({}, ask=Terminal("by hand"))(str(locked)).expose() == b"by hand"


def test_an_entry_belongs_to_the_file_wherever_it_lies_and_to_no_other(
    tmp_path: Path, locked: Path, made_up_keyring: Any
) -> None:
    keep(locked.read_bytes(), passphrase=PHRASE)
    moved = locked.rename(tmp_path / "elsewhere.key")
    assert unlocker({}, ask=None)(str(moved)) == PHRASE
    other = protect(b"x", passphrase=PHRASE, randomness=os.urandom, cost=Cost(8, 1, 1))
    with pytest.raises(BadKeyFile, match="no terminal"):
        unlocker({}, ask=None)(str(private(tmp_path / "other.key", other)))


def test_a_keyring_that_does_not_encrypt_or_does_not_keep_is_refused(
    locked: Path, made_up_keyring: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(made_up_keyring), "priority", 0.5)
    with pytest.raises(NoKeyring, match="leave out --keyring") as caught:
        keep(locked.read_bytes(), passphrase=PHRASE)
    assert exit_code(caught.value) == BAD_INPUT
    monkeypatch.undo()
    for fault in (lambda *_: None, _raises(KeyringLocked())):
        monkeypatch.setattr(made_up_keyring, "set_password", fault)
        with pytest.raises(NoKeyring, match="did not take"):
            keep(locked.read_bytes(), passphrase=PHRASE)
    assert made_up_keyring.entries == {}
    assert keyring.get_keyring() is made_up_keyring


def _raises(fault: Exception) -> Callable[..., None]:
    def call(*_: Any) -> None:
        raise fault

    return call


def test_what_fails_while_a_passphrase_is_kept_leaves_no_entry(locked: Path, made_up_keyring: Any) -> None:
    def fails() -> None:
        with while_kept(locked.read_bytes(), passphrase=PHRASE):
            assert kept(locked.read_bytes()) == PHRASE
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert made_up_keyring.entries == {}
    with while_kept(b"nothing of the keyring's", passphrase=None):
        pass
    assert made_up_keyring.entries == {}


# --- a new passphrase ----------------------------------------------------------------------------------------------------------


def choose(environment: dict[str, str], *answers: str) -> Secret:
    ask = Terminal(*answers) if answers else None
    return chosen(environment, file=NEW, variable=None, ask=ask, what="identity.key")


def test_a_new_passphrase_is_typed_twice_the_same(tmp_path: Path) -> None:
    assert choose({}, "twelve chars", "twelve chars").expose() == b"twelve chars"
    with pytest.raises(BadPassphrase, match="not the same: nothing was written") as caught:
        choose({}, "twelve chars", "twelve charz")
    assert exit_code(caught.value) == BAD_INPUT
    named = private(tmp_path / "phrase", b"from a file of mine\n")
    assert choose({NEW: str(named)}, "never asked").expose() == b"from a file of mine"
    assert choose({NEW: str(named)}).expose() == b"from a file of mine"
    with pytest.raises(BadPassphrase, match=f"no terminal to ask at: name a file with the passphrase in {NEW}"):
        choose({"LINKAGE_PASSPHRASE": "the old one, not the new"})


@pytest.mark.parametrize("text", ["", "eleven char", "ÄÖÜäöüßéàèç", "zwölf Ä"])
def test_a_short_passphrase_is_refused_with_the_reason_however_many_bytes_it_has(
    text: str, tmp_path: Path
) -> None:
    said = f"{len(text)} characters can be guessed by whoever copies the file.* use at least 12"
    with pytest.raises(BadPassphrase, match=said):
        choose({}, text, text)
    if text:
        with pytest.raises(BadPassphrase, match=said):
            choose({NEW: str(private(tmp_path / "phrase", text.encode()))})


# --- the terminal --------------------------------------------------------------------------------------------------------------


def test_nobody_is_asked_where_there_is_no_terminal() -> None:
    assert asking(io.StringIO("typed in advance\n")) is None


@POSIX
def test_what_is_typed_at_a_terminal_is_not_shown() -> None:
    import pty

    ours, theirs = pty.openpty()
    script = (
        "import sys; from service.trust.unlocking import asking; ask = asking(sys.stdin);"
        "print(len(ask('Passphrase of a.key: ')), flush=True)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
        start_new_session=True,
    ) as run:
        os.close(theirs)
        shown = b""
        while not shown.endswith(b"Passphrase of a.key: "):
            shown += os.read(ours, 1)
        os.write(ours, b"correct horse battery\n")
        assert run.stdout is not None
        assert run.stdout.read() == b"21\n"
        # The other end is shut; Linux says so with an error.
        with suppress(OSError):
            while more := os.read(ours, 1000):
                shown += more
    os.close(ours)
    assert run.returncode == 0
    assert b"correct" not in shown
