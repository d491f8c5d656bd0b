"""The holders of a root, and the trust register that they sign."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from keys import Identity, PublicIdentity
from linkage.manifest import Round
from linkage.schema import default_schema
from service.commands.trust import trust
from service.places import Places
from service.shared import write_identity, write_project
from tests.fixtures_commands import Told
from tests.fixtures_demonstration import Demo


@dataclass(frozen=True)
class Holders:
    """The holders of a root, each with a folder of its own, and the project whose trust register they sign."""

    folder: Path
    shared: Path
    identities: tuple[Identity, ...]

    @property
    def root(self) -> Path:
        """The root's file, as everybody got it."""
        return self.folder / "root.json"

    def key(self, number: int) -> Path:
        """One holder's identity file."""
        return self.folder / f"holder-{number}" / "identity.key"

    def public(self, one: Identity | PublicIdentity) -> Path:
        """A file with the public half of an identity."""
        known = one.public if isinstance(one, Identity) else one
        path = self.folder / f"{known.name.replace('/', '_')}-{known.fingerprint[:8]}.json"
        write_identity(path, known)
        return path

    def run(self, word: str, *words: object) -> Told:
        """What `linkage trust` answers in this project."""
        more = [] if word in ("new-root", "accept") else ["--shared", self.shared, "--root", self.root]
        result = CliRunner().invoke(trust, [word, *map(str, words), *map(str, more)])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Told(result.exit_code, result.stdout, result.stderr)

    def draft(self, *changes: object, name: str = "draft.note") -> Path:
        """A draft of the next version in a new file."""
        path = self.folder / name
        path.unlink(missing_ok=True)
        told = self.run("draft", "--out", path, *changes)
        assert told.code == 0, told.err
        return path

    def sign(self, draft: Path, *, by: int) -> Told:
        """One holder's signature under the draft."""
        return self.run("sign", draft, "--identity", self.key(by), "--yes")

    def issue(self, *changes: object, by: tuple[int, ...] = (1, 2)) -> str:
        """The next version of the register, drafted, signed and published; its note."""
        draft = self.draft(*changes)
        for number in by:
            assert self.sign(draft, by=number).code == 0
        told = self.run("publish", draft)
        assert told.code == 0, told.err
        return (self.shared / "trust.note").read_text("utf-8")


def _holders(folder: Path, shared: Path, identities: tuple[Identity, ...]) -> Holders:
    made = Holders(folder, shared, identities)
    for number, one in enumerate(identities, 1):
        made.key(number).parent.mkdir(parents=True)
        one.save(made.key(number))
    told = made.run("new-root", *map(made.public, identities), "--quorum", 2, "--out", made.root)
    assert told.code == 0, told.err
    return made


@pytest.fixture
def holders(tmp_path: Path) -> Holders:
    """Three holders of a root, of whom two must sign, and a project without a trust register yet."""
    shared = tmp_path / "new-project"
    shared.mkdir()
    one = Round("safer-streets", 1, default_schema().digest)
    write_project(shared, one=one, link_type="link_only", purpose="service-evaluation", recipient="council")
    identities = tuple(
        Identity.make(f"root/{n}", randomness=np.random.default_rng([21, n]).bytes) for n in (1, 2, 3)
    )
    return _holders(tmp_path / "holders", shared, identities)


@pytest.fixture
def demo_holders(demo: Demo, demo_copy: Places, tmp_path: Path) -> Holders:
    """The holders of the demonstration's root, over a copy of it."""
    return _holders(tmp_path / "holders", demo_copy.shared, demo.cast.roots)
