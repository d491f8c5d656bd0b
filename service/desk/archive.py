"""The documents of their time: what a decision was made from, kept by the desk so that the decision can be made again.

The log holds digests alone. Beside it the desk keeps, once for each text, the documents that a decision rested on, and for each decision a list of
them. An auditor who is given the folder and the published log needs nothing else but the root.
"""

import hashlib
import json
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from linkage.errors import BadInput
from policies.decision import Decision
from policies.document import Policy
from policies.errors import PolicyError
from policies.load import load_policy
from service.dossier import Dossier
from service.texts import read_text
from service.writing import write_whole

DECIDED_FORMAT: Final = "linkage-decided/v1"
ARCHIVE: Final = "archive"
DOCUMENTS: Final = "documents"
DECISIONS: Final = "decisions"
Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class DecidedFile(BaseModel):
    """What one decision was made from: the moment, and SHA-256 of the request's note and of every document's text, by the names of the dossier."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    format: Literal["linkage-decided/v1"]
    at: AwareDatetime
    request: Hex
    documents: dict[str, Hex | tuple[Hex, ...]]


@dataclass(frozen=True, slots=True)
class Decided:
    """What one decision was made from, read back: the moment, the request's note, and the dossier."""

    at: datetime
    request: str
    dossier: Dossier


def keep(folder: Path, *, note: str, dossier: Dossier, decision: Decision) -> None:
    """The request's note and the dossier are in the archive of the desk's folder, each text once, and the list of this decision names them.

    Raises:
        NotWritten: the disk refused.
    """
    archive = folder / ARCHIVE
    stated = DecidedFile(
        format=DECIDED_FORMAT,
        at=decision.decided_at,
        request=_put(archive, note),
        documents={one.name: _put_all(archive, getattr(dossier, one.name)) for one in fields(Dossier)},
    )
    write_whole(
        _list_of(archive, decision.digest()), json.dumps(stated.model_dump(mode="json"), indent=1) + "\n"
    )


def recall_decided(archive: Path, *, decision: str) -> Decided:
    """What the decision of this digest was made from.

    Raises:
        BadInput: its list or a document is missing, or a text is not that of its digest.
    """
    path = _list_of(archive, decision)
    try:
        stated = DecidedFile.model_validate_json(read_text(path))
    except ValidationError as fault:
        raise BadInput(
            f"{DECISIONS}/{path.name} in the archive is not {DECIDED_FORMAT}: it was altered"
        ) from fault
    texts: dict[str, Any] = {name: _get_all(archive, digests) for name, digests in stated.documents.items()}
    try:
        dossier = Dossier(**texts)
    except TypeError as fault:
        raise BadInput(
            f"{DECISIONS}/{path.name} in the archive names other documents than a decision is made from"
        ) from fault
    return Decided(stated.at, _get(archive, stated.request), dossier)


def _list_of(archive: Path, decision: str) -> Path:
    return archive / DECISIONS / f"{decision.removeprefix('sha256:')}.json"


def _put_all(archive: Path, texts: str | tuple[str, ...]) -> str | tuple[str, ...]:
    return _put(archive, texts) if isinstance(texts, str) else tuple(_put(archive, text) for text in texts)


def _get_all(archive: Path, digests: str | tuple[str, ...]) -> str | tuple[str, ...]:
    return _get(archive, digests) if isinstance(digests, str) else tuple(_get(archive, one) for one in digests)


def _put(archive: Path, text: str) -> str:
    digest = hashlib.sha256(text.encode()).hexdigest()
    path = archive / DOCUMENTS / f"{digest}.txt"
    if not path.exists():
        write_whole(path, text)
    return digest


def _get(archive: Path, digest: str) -> str:
    path = archive / DOCUMENTS / f"{digest}.txt"
    if not path.is_file():
        raise BadInput(f"{DOCUMENTS}/{path.name} is missing in the archive")
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != digest:
        raise BadInput(f"{DOCUMENTS}/{path.name} in the archive is not the text of that digest: it was altered")
    return content.decode("utf-8")


def policies_in(archive: Path) -> dict[str, Policy]:
    """Every policy by which something was decided, by its digest; what is damaged is left out."""
    found: dict[str, Policy] = {}
    for path in sorted((archive / DECISIONS).glob("*.json")):
        try:
            stated = DecidedFile.model_validate_json(read_text(path))
            policy = load_policy(str(_get_all(archive, stated.documents["policy"])))
        except (ValidationError, BadInput, PolicyError, KeyError):
            continue
        found[policy.digest] = policy
    return found
