"""Making an identity, showing it, changing its passphrase: from the command to the files on disk, and what a command that needs keys does then."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import service.trust.identities
from keys import Identity, KeysError, Secret
from keys.ceremony import load_secret, save_secret
from keys.passphrase import is_protected, read_protection
from keys.words import in_words
from service.commands.identity import identity
from service.errors import BAD_INPUT, BAD_KEY
from service.shared import read_identity
from service.trust.identities import change_passphrase, new_identity, save_secret_like
from service.trust.unlocking import unlocker

POSIX = pytest.mark.skipif(os.name != "posix", reason="file modes")
PHRASE, OTHER = "correct horse battery", "another long passphrase"


@dataclass
class Home:
    """Somebody's folder, and the commands run in it. What a command is told in words and in the environment is searched for secrets."""

    folder: Path

    def run(self, *words: object, phrase: str | None = None, new: str | None = None) -> Result:
        environment: dict[str, str | None] = {"LINKAGE_PASSPHRASE": phrase, "LINKAGE_PASSPHRASE_FILE": None}
        environment["LINKAGE_NEW_PASSPHRASE_FILE"] = None if new is None else str(self.phrase(new))
        done = CliRunner().invoke(identity, [str(w) for w in words], env=environment)
        assert not any(text and text in done.output for text in (phrase, new))
        return done

    def phrase(self, text: str) -> Path:
        path = self.folder.parent / f"{len(text)}.phrase"
        path.write_text(text + "\n", "utf-8")
        path.chmod(0o600)
        return path

    @property
    def key(self) -> Path:
        return self.folder / "identity.key"

    @property
    def public(self) -> Path:
        return self.folder / "identity.key.public.json"

    @property
    def names(self) -> list[str]:
        return sorted(p.name for p in self.folder.iterdir())

    def load(self, phrase: str) -> Identity:
        return Identity.load(self.key, unlock=lambda _: Secret(phrase.encode(), name="passphrase"))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "home").mkdir()
    return Home(tmp_path / "home")


def test_an_identity_is_made_shown_and_given_another_passphrase(home: Home) -> None:
    made = home.run("new", "police/officer", "--out", home.key, phrase=PHRASE)
    assert made.exit_code == 0, made.output
    assert home.names == ["identity.key", "identity.key.public.json"]
    one = home.load(PHRASE)
    assert one.name == "police/officer"
    assert read_identity(home.public) == one.public
    if os.name == "posix":
        assert home.key.stat().st_mode & 0o777 == 0o600
    words = in_words(bytes.fromhex(one.public.fingerprint))
    assert "protected by your passphrase" in made.output
    assert f"fingerprint {one.public.fingerprint}\nin words    {words}\n" in made.output
    for file, phrase in ((home.key, PHRASE), (home.public, None)):
        shown = home.run("show", file, phrase=phrase)
        assert shown.output == (
            f"name        police/officer\nfingerprint {one.public.fingerprint}\nin words    {words}\n"
        )
        told = json.loads(home.run("show", file, "--json", phrase=phrase).output)
        assert told == {"name": "police/officer", "fingerprint": one.public.fingerprint, "words": words}
    before = home.key.read_bytes()
    changed = home.run("passphrase", home.key, phrase=PHRASE, new=OTHER)
    assert (changed.exit_code, changed.output) == (0, "identity.key: protected by the new passphrase\n")
    assert home.load(OTHER) == one
    assert read_protection(home.key.read_bytes()).salt != read_protection(before).salt
    assert home.names == ["identity.key", "identity.key.public.json"]
    refused = home.run("show", home.key, phrase=PHRASE)
    assert refused.exit_code == BAD_KEY
    assert refused.stderr == (
        "identity.key: the passphrase in LINKAGE_PASSPHRASE does not open it, or it was altered\n"
    )


def test_an_identity_without_protection_is_made_on_demand_alone_and_can_be_protected_later(home: Home) -> None:
    nobody = home.run("new", "anna", "--out", home.key)
    assert nobody.exit_code == BAD_INPUT
    assert "no terminal to ask at: name a file with the passphrase in LINKAGE_PASSPHRASE_FILE" in nobody.stderr
    assert home.names == []
    made = home.run("new", "anna", "--out", home.key, "--unprotected")
    assert "UNPROTECTED: whoever copies the file has them" in made.output
    one = Identity.load(home.key)
    assert home.run("passphrase", home.key, new=OTHER).exit_code == 0
    assert is_protected(home.key.read_bytes())
    assert home.load(OTHER) == one


def test_a_secret_gets_a_passphrase_too_and_nothing_else_does(home: Home) -> None:
    one = Secret(bytes(range(32)), name="own")
    path = home.folder / "own.secret"
    save_secret(one, path)
    assert home.run("passphrase", path, new=OTHER).exit_code == 0
    assert home.run("passphrase", path, phrase=OTHER, new=PHRASE).exit_code == 0
    assert load_secret(path, name="own", unlock=lambda _: Secret(PHRASE.encode(), name="p")) == one
    letter = home.folder / "letter"
    letter.write_text("dear all\n", "utf-8")
    letter.chmod(0o600)
    refused = home.run("passphrase", letter, new=OTHER)
    assert refused.exit_code == BAD_KEY
    assert "letter is neither an identity nor a secret: it is left as it is" in refused.stderr
    assert letter.read_text("utf-8") == "dear all\n"


REFUSED: dict[str, tuple[list[str], str | None, int, str]] = {
    "a short passphrase": (["anna"], "eleven char", BAD_INPUT, "use at least 12"),
    "a name that is none": (["Anna Smith"], PHRASE, BAD_INPUT, "is no identity name"),
    "two kinds of protection": (["anna", "--unprotected", "--keyring"], PHRASE, BAD_INPUT, "leave one option out"),
    "no keyring": (["anna", "--keyring"], None, BAD_INPUT, "has no keyring that keeps a passphrase safe"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_made_is_told_and_leaves_nothing_behind(home: Home, what: str) -> None:
    words, phrase, code, saying = REFUSED[what]
    done = home.run("new", *words, "--out", home.key, phrase=phrase)
    assert (done.exit_code, done.stdout) == (code, "")
    assert saying in done.stderr
    assert home.names == []


@pytest.mark.parametrize("there", ["identity.key", "identity.key.public.json"])
def test_nothing_is_ever_overwritten(home: Home, there: str) -> None:
    (home.folder / there).write_text("mine\n", "utf-8")
    done = home.run("new", "anna", "--out", home.key, phrase=PHRASE)
    assert done.exit_code == BAD_KEY
    assert f"{there} exists already: keys are never overwritten" in done.stderr
    assert home.names == [there]
    assert (home.folder / there).read_text("utf-8") == "mine\n"


def test_a_folder_that_is_not_there_is_told_before_anything_is_asked(home: Home) -> None:
    done = home.run("new", "anna", "--out", home.folder / "none" / "identity.key", phrase=PHRASE)
    assert (done.exit_code, done.stderr) == (BAD_INPUT, "there is no folder none/: make it first\n")


def test_a_public_half_that_cannot_be_written_takes_the_private_one_with_it(
    home: Home, made_up_keyring: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device", "identity.key.public.json")

    monkeypatch.setattr(service.trust.identities, "write_identity", full)
    for words in (["--keyring"], ["--unprotected"]):
        done = home.run("new", "anna", "--out", home.key, *words)
        assert (done.exit_code, done.stderr) == (
            BAD_INPUT,
            "identity.key.public.json: No space left on device\n",
        )
        assert home.names == []
        assert made_up_keyring.entries == {}


def test_what_is_neither_an_identity_nor_its_public_half_is_not_shown(home: Home) -> None:
    for name, text in (("a.txt", "dear all"), ("b.json", "{}")):
        (home.folder / name).write_text(text, "utf-8")
        done = home.run("show", home.folder / name)
        assert (done.exit_code, done.stderr) == (BAD_INPUT, f"{name} is no public key\n")
    done = home.run("show", home.folder / "none")
    assert (done.exit_code, done.stderr) == (BAD_INPUT, "no file none\n")


# --- the keyring ---------------------------------------------------------------------------------------------------------------


def test_the_keyring_keeps_a_random_passphrase_that_nobody_types(home: Home, made_up_keyring: Any) -> None:
    made = home.run("new", "anna", "--out", home.key, "--keyring")
    assert made.exit_code == 0, made.output
    assert "protected by a random passphrase in this machine's keyring" in made.output
    [(where, phrase)] = made_up_keyring.entries.items()
    assert where[0] == "linkage"
    assert re.fullmatch(r"[0-9a-f]{64}", phrase)
    assert phrase not in made.output
    assert home.load(phrase).name == "anna"
    assert home.run("show", home.key).exit_code == 0
    changed = home.run("passphrase", home.key, new=OTHER)
    assert changed.exit_code == 0, changed.output
    assert made_up_keyring.entries == {}
    assert home.run("show", home.key).exit_code == BAD_KEY
    assert home.run("passphrase", home.key, "--keyring", phrase=OTHER).exit_code == 0
    assert len(made_up_keyring.entries) == 1
    assert phrase not in made_up_keyring.entries.values()
    assert home.run("show", home.key).exit_code == 0


def test_a_change_that_fails_half_way_leaves_the_old_file_and_its_entry(
    home: Home, made_up_keyring: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.run("new", "anna", "--out", home.key, "--keyring")
    before, entries = home.key.read_bytes(), dict(made_up_keyring.entries)

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device", "identity.key")

    monkeypatch.setattr(service.trust.identities, "replace_private", full)
    for how in ({"new": OTHER}, {}):
        done = home.run("passphrase", home.key, *([] if how else ["--keyring"]), **how)
        assert done.exit_code == BAD_INPUT
        assert home.key.read_bytes() == before
        assert made_up_keyring.entries == entries


# --- the terminal --------------------------------------------------------------------------------------------------------------


class Terminal:
    """Somebody who answers in order, and what was asked."""

    def __init__(self, *answers: str) -> None:
        self.answers, self.asked = list(answers), list[str]()

    def __call__(self, question: str) -> str:
        self.asked.append(question)
        return self.answers.pop(0)


def test_at_a_terminal_the_new_passphrase_is_asked_twice_and_the_old_one_once(home: Home) -> None:
    terminal = Terminal(PHRASE, PHRASE, PHRASE, OTHER, OTHER)
    said = new_identity("anna", out=home.key, unprotected=False, keyring=False, environment={}, ask=terminal)
    said += change_passphrase(home.key, keyring=False, environment={}, ask=terminal)
    assert terminal.asked == [
        "New passphrase for identity.key: ",
        "The same again: ",
        "Passphrase of identity.key: ",
        "New passphrase for identity.key: ",
        "The same again: ",
    ]
    assert home.load(OTHER).name == "anna"
    assert not any(phrase in said for phrase in (PHRASE, OTHER))


# --- commands that need keys ---------------------------------------------------------------------------------------------------


PROJECT = Secret(b"p" * 32, name="project")


def keep_secret(home: Home, **environment: str) -> Path:
    out = home.folder / "project.secret"
    save_secret_like(PROJECT, out, identity=home.key, unlock=unlocker(environment, ask=None))
    return out


def opened(path: Path, phrase: str) -> Secret:
    return load_secret(path, name="project", unlock=lambda _: Secret(phrase.encode(), name="passphrase"))


def test_a_secret_is_kept_under_the_passphrase_of_the_identity(home: Home, made_up_keyring: Any) -> None:
    home.run("new", "police/officer", "--out", home.key, phrase=PHRASE)
    with pytest.raises(
        KeysError, match=r"identity\.key: the passphrase in LINKAGE_PASSPHRASE does not open it"
    ):
        keep_secret(home, LINKAGE_PASSPHRASE=OTHER)
    assert home.names == ["identity.key", "identity.key.public.json"]
    out = keep_secret(home, LINKAGE_PASSPHRASE=PHRASE)
    assert is_protected(out.read_bytes())
    assert opened(out, PHRASE) == PROJECT
    assert made_up_keyring.entries == {}
    with pytest.raises(KeysError, match="exists already"):
        keep_secret(home, LINKAGE_PASSPHRASE=PHRASE)


def test_a_secret_beside_an_identity_of_the_keyring_opens_from_the_keyring_too(
    home: Home, made_up_keyring: Any
) -> None:
    home.run("new", "police/officer", "--out", home.key, "--keyring")
    out = keep_secret(home)
    entries = dict(made_up_keyring.entries)
    assert len(entries) == 2
    assert len(set(entries.values())) == 1
    assert load_secret(out, name="project", unlock=unlocker({}, ask=None)) == PROJECT
    with pytest.raises(KeysError, match="exists already"):
        keep_secret(home)
    assert made_up_keyring.entries == entries


def test_a_secret_beside_an_unprotected_identity_has_no_passphrase(home: Home) -> None:
    home.run("new", "police/officer", "--out", home.key, "--unprotected")
    assert load_secret(keep_secret(home), name="project") == PROJECT


@POSIX
def test_no_command_takes_a_passphrase_on_its_line() -> None:
    shown = subprocess.run(
        [
            sys.executable,
            "-c",
            "from service.commands.identity import identity; identity()",
            "passphrase",
            "--help",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    options = set(re.findall(r"--[a-z-]+", shown.stdout))
    assert options == {"--keyring", "--help"}


def test_a_secret_of_ones_own_opens_as_the_identity_does_and_is_never_overwritten(home: Home) -> None:
    home.run("new", "police/officer", "--out", home.key, phrase=PHRASE)
    own = home.folder / "own.secret"
    made = home.run("new-secret", "--identity", home.key, "--out", own, phrase=PHRASE)
    assert made.exit_code == 0, made.output
    assert is_protected(own.read_bytes())
    unlock = unlocker({"LINKAGE_PASSPHRASE": PHRASE}, ask=None)
    first = load_secret(own, name="own", unlock=unlock)
    assert len(first.expose()) == 32
    again = home.run("new-secret", "--identity", home.key, "--out", own, phrase=PHRASE)
    assert (again.exit_code, load_secret(own, name="own", unlock=unlock)) == (BAD_KEY, first)
    wrong = home.run("new-secret", "--identity", home.key, "--out", home.folder / "other.secret", phrase=OTHER)
    assert (wrong.exit_code, (home.folder / "other.secret").exists()) == (BAD_KEY, False)
