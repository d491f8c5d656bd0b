"""What the linker says of a run: one signed note beside the sealed pairs, written last, which the assembler checks before it opens any.

Anybody can seal a file to the assembler; only the linker can sign this. It names every file with its digest, and the submissions that were linked.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from keys import BadSignature, Identity, PublicIdentity, sign_note, verify_note
from linkage.drafts import put_whole
from linkage.errors import BadSubmission
from linkage.manifest import Manifest, Round

RUN_FORMAT: Final = "linkage-run/v2"
RUN_NAME: Final = "run.note"


@dataclass(frozen=True, slots=True)
class Run:
    """A run as the linker signed it: round, digest of the model's text, manifest digests by partner, file digests by name.

    A full run has no `base`. An incremental one tells only the pairs with a row that is new since its base: the digest of that run's text.
    """

    round: Round
    model: str
    submissions: Mapping[str, str]
    files: Mapping[str, str]
    base: str | None = None

    def text(self) -> str:
        """The run as the text of a note."""
        body = {
            "project": self.round.project,
            "epoch": self.round.epoch,
            "schema": self.round.schema_digest,
            "model": self.model,
            "submissions": dict(self.submissions),
            "files": dict(self.files),
            "base": self.base,
        }
        return f"{RUN_FORMAT}\n{json.dumps(body, indent=1, sort_keys=True)}\n"

    @property
    def digest(self) -> str:
        """SHA-256 of the run's text, hexadecimal, by which a later run names it as its base."""
        return sha256(self.text().encode())


def submissions_of(manifests: Sequence[Manifest]) -> dict[str, str]:
    """The digest of each partner's manifest."""
    return {m.partner: m.digest for m in manifests}


def sha256(content: bytes) -> str:
    """SHA-256, hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def write_run(folder: Path, *, run: Run, by: Identity) -> None:
    """The run's note in the folder, whole or not at all."""
    put_whole(folder / RUN_NAME, sign_note(run.text(), by=by).encode())


def read_run(folder: Path, *, one: Round, manifests: Sequence[Manifest], linker: PublicIdentity) -> Run:
    """The run in the folder, of these very submissions.

    Raises:
        BadSubmission: there is none, the linker did not sign it, or it is of another round or of other submissions than `manifests`.
    """
    run = signed_run(folder, one=one, linker=linker)
    if run.submissions != submissions_of(manifests):
        raise BadSubmission(f"{RUN_NAME} is of other submissions than are here: run the linker again")
    return run


def signed_run(folder: Path, *, one: Round, linker: PublicIdentity) -> Run:
    """The run in the folder, whatever submissions it is of.

    Raises:
        BadSubmission: there is none, the linker did not sign it, or it is of another round.
    """
    path = folder / RUN_NAME
    if not path.is_file():
        raise BadSubmission(
            f"{folder.name}/ has no {RUN_NAME}: the linker's run is not finished, or its files were copied in part"
        )
    try:
        value: dict[str, Any] = json.loads(
            verify_note(path.read_bytes().decode("utf-8"), known=[linker], kind=RUN_FORMAT).body
        )
        stated = Round(str(value["project"]), int(value["epoch"]), str(value["schema"]))
        submissions, files = ({str(k): str(v) for k, v in value[n].items()} for n in ("submissions", "files"))
        base = None if value["base"] is None else str(value["base"])
        run = Run(stated, str(value["model"]), submissions, files, base)
    except (BadSignature, UnicodeDecodeError) as fault:
        raise BadSubmission(f"{RUN_NAME} is not signed by the linker of the trust register: {fault}") from fault
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as fault:
        raise BadSubmission(f"{RUN_NAME} is signed but not readable: it was made by another version") from fault
    if run.round != one:
        raise BadSubmission(f"{RUN_NAME} is of another project, epoch or schema: run the linker for this round")
    return run


def checked_file(folder: Path, name: str, *, run: Run) -> bytes:
    """The bytes of a file of the run.

    Raises:
        BadSubmission: it is missing or not as the linker signed it.
    """
    path = folder / name
    if Path(name).name != name or not path.is_file() or sha256(content := path.read_bytes()) != run.files[name]:
        raise BadSubmission(
            f"{name} is missing or was altered since the linker signed {RUN_NAME}: run the linker again"
        )
    return content
