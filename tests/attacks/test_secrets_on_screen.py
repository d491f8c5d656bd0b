"""Somebody reads the screen, the log, a crash report or the list of processes: no secret is there, whatever goes wrong."""

import ast
import base64
import copy
import hmac
import inspect
import io
import json
import logging
import marshal
import os
import pickle
import pprint
import subprocess
import sys
import traceback
import typing
from collections.abc import Callable, Iterator
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydantic
import pytest
import rich.console
import rich.pretty
import rich.traceback
import typer
import yaml

import keys.secret
import service.trust.identities
from cli import app
from keys import Identity, Secret
from keys.identity import write_private
from keys.passphrase import Cost, protect
from service.commands.identity import identity
from service.trust.identities import change_passphrase, new_identity, show_identity
from service.trust.unlocking import unlocker

ROOT = Path(__file__).resolve().parents[2]
RAW = np.random.default_rng(77).bytes(32)
SECRET = Secret(RAW, name="project secret")
PHRASE = "correct horse battery"
ANNA = Identity.make("anna", randomness=np.random.default_rng(78).bytes)


@dataclass(frozen=True)
class Holder:
    """Something that has a secret among other things."""

    name: str
    secret: Secret


HOLDER = Holder("police", SECRET)


def forms(raw: bytes) -> set[str]:
    """Every way in which a program writes bytes for people or for other programs."""
    as_int = int.from_bytes(raw, "big")
    found = {raw.hex(), base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode(), str(as_int)}
    found |= {repr(raw)[2:-1], repr(bytearray(raw))[12:-2], str(list(raw))[1:-1], raw.decode("latin-1")}
    return found | {form.upper() for form in found}


def seen(text: str, *secrets: bytes) -> list[str]:
    """The forms of secrets that stand in the text; a piece of eight bytes is enough."""
    pieces = [raw[at : at + 8] for raw in secrets for at in range(0, len(raw) - 7, 4)]
    whole = [form for raw in secrets for form in forms(raw) if form in text]
    return whole + [piece.hex() for piece in pieces if piece.hex() in text.lower()]


def keys_of(one: Identity) -> list[bytes]:
    return [seed.expose() for seed in one.seeds.values()]


def test_the_search_finds_a_secret_in_whatever_form_it_stands() -> None:
    for text in (
        str(RAW),
        RAW.hex(" ").replace(" ", ""),
        json.dumps(list(RAW)),
        base64.b64encode(RAW).decode(),
    ):
        assert seen(f"crash: {text}!", RAW)
    assert seen(f"... {RAW[8:20].hex()} ...", RAW)
    assert not seen(f"{SECRET} {RAW[:4].hex()}", RAW)


# --- what shows ----------------------------------------------------------------------------------------------------------------


def logged(thing: object) -> str:
    out = io.StringIO()
    log = logging.Logger("test", logging.DEBUG)
    log.addHandler(logging.StreamHandler(out))
    log.error("%s %r %a", thing, thing, thing)
    log.error(f"{thing}", extra={"thing": thing})
    try:
        raise ValueError(thing)
    except ValueError:
        log.exception("failed with %s", thing)
    return out.getvalue()


def crashed(thing: object) -> str:
    """A crash report with the local variables, as debuggers and crash collectors make it."""
    secret = thing
    try:
        raise RuntimeError(f"crash with {secret}")
    except RuntimeError as fault:
        report = "".join(traceback.TracebackException.from_exception(fault, capture_locals=True).format())
        console = rich.console.Console(file=io.StringIO(), width=200, record=True)
        console.print(rich.traceback.Traceback.from_exception(*sys.exc_info(), show_locals=True))  # type: ignore[arg-type]
        return report + console.export_text()


SHOWN: dict[str, Callable[[Any], str]] = {
    "repr": repr,
    "str": str,
    "ascii": ascii,
    "format": format,
    "format string": lambda x: f"{x} {x!r} {x!s} {x!a}" + "{0} {0!r}".format(x),  # noqa: UP032
    "per cent": lambda x: "%s %r %a" % (x, x, x),  # noqa: UP031
    "containers": lambda x: f"{[x]} {(x,)} { {'a': x} }",
    "pprint": pprint.pformat,
    "rich": rich.pretty.pretty_repr,
    "numpy": lambda x: repr(np.array([x], dtype=object)),
    "json with its text": lambda x: json.dumps({"x": x}, default=str),
    "an error": lambda x: repr(ValueError(x)) + str(KeyError(x)),
    "a log": logged,
    "a crash report": crashed,
}


@pytest.mark.parametrize("thing", [SECRET, HOLDER, ANNA], ids=["secret", "holder", "identity"])
@pytest.mark.parametrize("how", SHOWN)
def test_what_is_shown_of_a_secret_or_its_holder_is_a_name(how: str, thing: object) -> None:
    text = SHOWN[how](thing)
    assert "<Secret project secret>" in text or "anna" in text
    assert not seen(text, RAW, *keys_of(ANNA))


def test_a_format_with_a_width_shows_the_name_alone() -> None:
    assert f"{SECRET:>30}" == "       <Secret project secret>"
    with pytest.raises(ValueError, match="format"):
        f"{SECRET:x}"


LEAVING: dict[str, Callable[[Any], object]] = {
    **{f"pickle {n}": (lambda x, n=n: pickle.dumps(x, n)) for n in range(pickle.HIGHEST_PROTOCOL + 1)},
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "json": json.dumps,
    "json of its inside": lambda x: json.dumps(x, default=vars),
    "marshal": marshal.dumps,
    "yaml": yaml.dump,
    "yaml, safely": yaml.safe_dump,
    "pydantic": lambda x: pydantic.TypeAdapter(object).dump_json(x),
    "vars": vars,
    "state": lambda x: x.__getstate__(),
    "reduce": lambda x: x.__reduce_ex__(2),
    "hash": hash,
    "bytes": bytes,
    "memoryview": memoryview,
    "iteration": list,
    "length": len,
    "index": lambda x: x[0],
    "number": int,
    "addition": lambda x: b"" + x,
    "another kind": lambda x: type("Loud", (type(x),), {}),
}


@pytest.mark.parametrize("how", LEAVING)
def test_a_secret_leaves_by_no_way_but_the_one_that_is_named_for_it(how: str) -> None:
    with pytest.raises(Exception, match=r".") as caught:
        LEAVING[how](SECRET)
    assert isinstance(caught.value, TypeError | AttributeError | ValueError | yaml.YAMLError)
    assert not seen(f"{caught.value} {caught.value!r}", RAW)
    assert SECRET.expose() == RAW


@pytest.mark.parametrize("how", [asdict, astuple, copy.deepcopy, pickle.dumps, yaml.dump])
def test_a_holder_does_not_carry_a_secret_out(how: Callable[[Any], object]) -> None:
    for holder in (HOLDER, ANNA):
        with pytest.raises(TypeError, match="secret"):
            how(holder)


def test_secrets_are_compared_in_constant_time_and_with_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def compare(a: bytes, b: bytes) -> bool:
        compared.append((a, b))
        return hmac.compare_digest(a, b)

    class Watched:
        compare_digest = staticmethod(compare)

    monkeypatch.setattr(keys.secret, "hmac", Watched)
    assert Secret(RAW, name="other") == SECRET
    assert Secret(RAW[:-1], name="project secret") != SECRET
    assert compared == [(RAW, RAW), (RAW[:-1], RAW)]
    assert SECRET != RAW
    assert len(compared) == 2
    with pytest.raises(TypeError):
        sorted([SECRET, SECRET])


# --- the code ------------------------------------------------------------------------------------------------------------------

NAMED_FOR_SECRETS = {"secret", "secrets", "salt", "seed", "seeds", "passphrase", "password", "private"}
# The name of a match key, and where made-up people start from.
PUBLIC_WORDS = {"linkage partner find-local key", "linkage schema leak seed", "linkage demo seed"}
# The salt in the header of a protected file, and the number by which shares say that they belong together.
PUBLIC = {"keys/passphrase.py Protection.salt", "keys/shares.py Place.secret"}


def bare_fields(source: str, *, file: str) -> Iterator[str]:
    """Fields of dataclasses that are named for a secret, hold it bare and show it."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.ClassDef) or "dataclass" not in " ".join(
            map(ast.unparse, node.decorator_list)
        ):
            continue
        for one in node.body:
            if isinstance(one, ast.AnnAssign) and ast.unparse(one.target) in NAMED_FOR_SECRETS:
                kind, hidden = ast.unparse(one.annotation), "repr=False" in ast.unparse(one)
                if not hidden and kind.removesuffix(" | None") not in ("Secret", "Path", "int"):
                    yield f"{file} {node.name}.{ast.unparse(one.target)}"


def test_no_dataclass_shows_a_bare_secret() -> None:
    bad = (
        "@dataclass(frozen=True)\nclass A:\n    salt: bytes\n    seeds: dict[str, Secret]\n    secret: Secret\n"
    )
    assert list(bare_fields(bad, file="a.py")) == ["a.py A.salt", "a.py A.seeds"]
    found = set()
    for package in ("keys", "linkage", "policies", "ethics", "service"):
        for path in sorted((ROOT / package).rglob("*.py")):
            found |= set(bare_fields(path.read_text("utf-8"), file=path.relative_to(ROOT).as_posix()))
    assert found == PUBLIC


def commands(group: Any, *, name: str = "linkage") -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every command under a group, with the function whose parameters are its words and options."""
    if inner := getattr(group, "commands", None):
        for word, one in inner.items():
            yield from commands(one, name=f"{name} {word}")
    else:
        yield name, inspect.unwrap(group.callback)


def taken_in_words(group: Any) -> set[str]:
    """Parameters named for a secret that are neither a file's path nor a yes or no."""
    found = set()
    for name, call in commands(group):
        for one, kind in typing.get_type_hints(call).items():
            named = {*one.split("_")} & {*NAMED_FOR_SECRETS, "own", "identity", "key", "keyring", "unprotected"}
            if named and not set(typing.get_args(kind) or (kind,)) <= {Path, bool, type(None)}:
                found.add(f"{name} {one}")
    return found


def test_no_command_takes_a_secret_on_its_line_where_every_user_of_the_machine_reads_it() -> None:
    loud = typer.Typer()

    @loud.command("enter")
    def _enter(passphrase: str, identity: Path, keyring: bool = False) -> None:
        pass

    assert taken_in_words(typer.main.get_command(loud)) == {"linkage passphrase"}
    whole = typer.main.get_command(app)
    assert len(list(commands(whole))) > 15
    assert taken_in_words(whole) <= PUBLIC_WORDS
    assert taken_in_words(typer.main.get_command(identity)) == set()


# --- crashes -------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def phrase_file(tmp_path: Path) -> Path:
    path = tmp_path / "phrase"
    path.write_text(PHRASE + "\n", "utf-8")
    path.chmod(0o600)
    return path


@pytest.fixture
def locked(tmp_path: Path) -> Path:
    phrase = Secret(PHRASE.encode(), name="passphrase")
    path = tmp_path / "anna.key"
    write_private(path, protect(ANNA.content(), passphrase=phrase, randomness=os.urandom, cost=Cost(64, 1, 1)))
    return path


CRASHES = {
    "new": ("write_private", ["new", "anna", "--out", "new.key", "--unprotected"]),
    "show": ("in_words", ["show", "anna.key"]),
    "passphrase": ("replace_private", ["passphrase", "anna.key"]),
}
SCRIPT = """
import os, sys, service.trust.identities as it
from keys import Identity
from cli import app
from service.commands.identity import identity

def noted(make):
    def call(*a, **k):
        one = make(*a, **k)
        with open("secrets", "ab") as out:
            out.write(b"".join(s.expose() for s in one.seeds.values()))
        return one
    return call

def crash(*a, **k):
    raise RuntimeError("crash on purpose")

Identity.make, Identity.load = noted(Identity.make), noted(Identity.load)
setattr(it, sys.argv.pop(1), crash)
app.add_typer(identity, name="identity")
app()
"""


@pytest.mark.parametrize(("what", "plain"), [("new", ""), ("passphrase", ""), ("show", "1")])
def test_a_command_that_crashes_while_it_holds_secrets_shows_none(
    what: str, plain: str, tmp_path: Path, locked: Path, phrase_file: Path
) -> None:
    broken, words = CRASHES[what]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, broken, "identity", *words],
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "LINKAGE_PASSPHRASE": PHRASE,
            "LINKAGE_NEW_PASSPHRASE_FILE": str(phrase_file),
            "TYPER_STANDARD_TRACEBACK": plain,
            "COLUMNS": "500",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "crash on purpose" in done.stderr
    assert "Traceback" in done.stderr
    held = (tmp_path / "secrets").read_bytes() if what != "passphrase" else b"".join(keys_of(ANNA))
    assert len(held) == 128
    shown = done.stdout + done.stderr
    assert not seen(shown, held[:32], held[32:64], held[64:])
    assert PHRASE not in shown


IN_PLACE: dict[str, tuple[str, Callable[[Path, Any], object]]] = {
    "new": ("write_private", lambda folder, ways: new_identity("ben", out=folder / "ben.key", unprotected=False, keyring=False, **ways)),
    "new, kept in the keyring": ("write_private", lambda folder, ways: new_identity("ben", out=folder / "ben.key", unprotected=False, keyring=True, **ways)),
    "passphrase": ("replace_private", lambda folder, ways: change_passphrase(folder / "anna.key", keyring=False, **ways)),
    "passphrase, kept in the keyring": ("replace_private", lambda folder, ways: change_passphrase(folder / "anna.key", keyring=True, **ways)),
    "show": ("in_words", lambda folder, ways: show_identity(folder / "anna.key", as_json=True, unlock=unlocker(**ways))),
}  # fmt: skip


@pytest.mark.parametrize("what", IN_PLACE)
def test_not_even_the_local_variables_of_a_crash_hold_a_key_or_a_passphrase(
    what: str,
    tmp_path: Path,
    locked: Path,
    phrase_file: Path,
    made_up_keyring: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = ("LINKAGE_PASSPHRASE_FILE", "LINKAGE_NEW_PASSPHRASE_FILE")
    ways = {"environment": dict.fromkeys(names, str(phrase_file)), "ask": None}
    made: list[Identity] = [ANNA]
    phrases: list[str] = [PHRASE]
    make, keep = Identity.make, made_up_keyring.set_password

    def making(name: str, **how: Any) -> Identity:
        made.append(make(name, **how))
        return made[-1]

    def keeping(*entry: str) -> None:
        phrases.append(entry[2])
        keep(*entry)

    def crash(*_: Any, **__: Any) -> None:
        raise RuntimeError("crash on purpose")

    broken, call = IN_PLACE[what]
    monkeypatch.setattr(Identity, "make", making)
    monkeypatch.setattr(made_up_keyring, "set_password", keeping)
    monkeypatch.setattr(service.trust.identities, broken, crash)
    with pytest.raises(RuntimeError, match="on purpose") as caught:
        call(tmp_path, ways)
    assert len(made) + len(phrases) >= 2 + what.startswith("new") + what.endswith("keyring")
    frames = [f for f in traceback.walk_tb(caught.tb) if "service" in f[0].f_code.co_filename]
    assert frames
    shown = " ".join(repr(value) for frame, _ in frames for value in frame.f_locals.values())
    assert not seen(shown, *(raw for one in made for raw in keys_of(one)))
    assert not [phrase for phrase in phrases if phrase in shown]
