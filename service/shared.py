"""What every party reads from the project's shared folder."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from keys import PublicIdentity, TrustRegister
from keys.trust import read_register
from linkage.central.model import LinkType
from linkage.errors import BadInput
from linkage.manifest import Round
from linkage.schema import Schema, load_schema
from service.dossier import TRUST_FILE

PROJECT_FORMAT: Final = "linkage-project/v1"
PROJECT_FILE: Final = "project.json"
SCHEMA_FILE: Final = "schema.yaml"
ROOT_FILE: Final = "root.json"


@dataclass(frozen=True, slots=True)
class Project:
    """The project as its shared folder states it."""

    one: Round
    schema: Schema
    link_type: LinkType
    trust: TrustRegister


def write_project(shared: Path, *, one: Round, link_type: LinkType) -> None:
    """The project's file: its name, epoch, and which records are compared."""
    body = {"format": PROJECT_FORMAT, "project": one.project, "epoch": one.epoch, "link_type": link_type}
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
        return PublicIdentity.from_json(json.loads(path.read_text("utf-8")))
    except FileNotFoundError as fault:
        raise BadInput(f"no public key {path.name}") from fault
    except (ValueError, KeyError, TypeError) as fault:
        raise BadInput(f"{path.name} is no public key") from fault


def read_project(shared: Path, *, root: PublicIdentity | None = None) -> Project:
    """The project in a shared folder. The trust register is verified with `root`, by default the key beside it.

    Raises:
        BadInput: a file is missing or not readable.
        BadSignature: the register is not signed by the root.
    """
    try:
        value = json.loads((shared / PROJECT_FILE).read_text("utf-8"))
        schema = load_schema((shared / SCHEMA_FILE).read_text("utf-8"))
        trust_note = (shared / TRUST_FILE).read_text("utf-8")
    except FileNotFoundError as fault:
        raise BadInput(
            f"{shared.name}/ is no project's shared folder: it has no {Path(str(fault.filename)).name}"
        ) from fault
    except ValueError as fault:
        raise BadInput(f"{PROJECT_FILE} is not readable") from fault
    if value.get("format") != PROJECT_FORMAT:
        raise BadInput(f"{PROJECT_FILE} is not {PROJECT_FORMAT}")
    trust = read_register(trust_note, root=root or read_identity(shared / ROOT_FILE))
    return Project(
        Round(value["project"], int(value["epoch"]), schema.digest), schema, value["link_type"], trust
    )
