"""What every party reads from the project's shared folder."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from keys import NotTrusted, PublicIdentity, Root, TrustRegister
from keys.root import ROOT_FORMAT
from keys.trust import read_register
from linkage.central.pairs.model import LinkType
from linkage.errors import BadInput
from linkage.manifest import Round
from linkage.schema import Schema, load_schema
from service.texts import read_text

PROJECT_FORMAT: Final = "linkage-project/v1"
PROJECT_FILE: Final = "project.json"
SCHEMA_FILE: Final = "schema.yaml"
ROOT_FILE: Final = "root.json"
TRUST_FILE: Final = "trust.note"


class ProjectFile(BaseModel):
    """The project's file as written."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    format: Literal["linkage-project/v1"]
    project: Annotated[str, Field(min_length=1, max_length=64)]
    epoch: Annotated[int, Field(ge=1)]
    link_type: LinkType
    purpose: Annotated[str, Field(min_length=1, max_length=64)]
    recipient: Annotated[str, Field(min_length=1, max_length=64)]


@dataclass(frozen=True, slots=True)
class Project:
    """The project as its shared folder states it."""

    one: Round
    schema: Schema
    link_type: LinkType
    root: Root
    trust: TrustRegister
    purpose: str
    recipient: str


def write_project(shared: Path, *, one: Round, link_type: LinkType, purpose: str, recipient: str) -> None:
    """The project's file: its name, epoch, which records are compared, for what purpose, and what kind of organisation hosts it."""
    stated = ProjectFile(
        format=PROJECT_FORMAT,
        project=one.project,
        epoch=one.epoch,
        link_type=link_type,
        purpose=purpose,
        recipient=recipient,
    )
    body = stated.model_dump()
    (shared / PROJECT_FILE).write_text(json.dumps(body, indent=1) + "\n", encoding="utf-8")


def write_identity(path: Path, one: PublicIdentity) -> None:
    """A public identity as JSON."""
    path.write_text(json.dumps(one.to_json(), indent=1) + "\n", encoding="utf-8")


def read_identity(path: Path) -> PublicIdentity:
    """The public identity in a JSON file.

    Raises:
        BadInput: it is missing or none.
    """
    try:
        return PublicIdentity.from_json(json.loads(read_text(path)))
    except (ValueError, KeyError, TypeError) as fault:
        raise BadInput(f"{path.name} is no public key") from fault


def write_root(path: Path, root: Root) -> None:
    """The root's public keys and quorum as JSON."""
    path.write_text(json.dumps(root.to_json(), indent=1) + "\n", encoding="utf-8")


def read_root(path: Path) -> Root:
    """The root in a JSON file.

    Raises:
        BadInput: it is missing or none.
    """
    try:
        return Root.from_json(json.loads(read_text(path)))
    except (ValueError, KeyError, TypeError) as fault:
        raise BadInput(
            f"{path.name} is no root of trust ({ROOT_FORMAT}): ask a holder of the root for it"
        ) from fault


def read_project_file(shared: Path) -> ProjectFile:
    """What the project's own file states.

    Raises:
        BadInput: it is missing or not readable.
    """
    if not (shared / PROJECT_FILE).is_file():
        raise BadInput(f"{shared.name}/ is no project's shared folder: it has no {PROJECT_FILE}")
    try:
        return ProjectFile.model_validate_json(read_text(shared / PROJECT_FILE))
    except ValidationError as fault:
        first = fault.errors(include_input=False, include_url=False)[0]
        at = ".".join(map(str, first["loc"])) or "top"
        raise BadInput(f"{PROJECT_FILE} is not {PROJECT_FORMAT}: {at}: {first['msg']}") from fault


def read_project(shared: Path, *, root: Root | None = None) -> Project:
    """The project in a shared folder. The trust register is verified with `root`, by default the one beside it.

    Raises:
        BadInput: a file is missing or not readable.
        BadSignature: the register is not signed by a quorum of the root.
        NotTrusted: the register is another project's.
    """
    if absent := [n for n in (PROJECT_FILE, SCHEMA_FILE, TRUST_FILE) if not (shared / n).is_file()]:
        raise BadInput(f"{shared.name}/ is no project's shared folder: it has no {absent[0]}")
    stated = read_project_file(shared)
    schema = load_schema(read_text(shared / SCHEMA_FILE))
    top = root or read_root(shared / ROOT_FILE)
    trust = read_register(read_text(shared / TRUST_FILE), root=top)
    if trust.project != stated.project:
        raise NotTrusted(
            f"the trust register is of project {trust.project} and {PROJECT_FILE} of {stated.project}: ask for the right folder"
        )
    one = Round(stated.project, stated.epoch, schema.digest)
    return Project(one, schema, stated.link_type, top, trust, stated.purpose, stated.recipient)
