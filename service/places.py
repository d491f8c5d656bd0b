"""Where everything of a project lies, when all parties work in folders of one machine. Each party's folder stands for its own machine."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

IDENTITY_FILE: Final = "identity.key"


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of a project, by party. `shared` holds what everybody may read."""

    root: Path

    @property
    def shared(self) -> Path:
        """What every party holds a copy of: schema, trust register, policy, votes, adoptions, catalogue, gateways."""
        return self.root / "shared"

    def agency(self, name: str) -> Path:
        """A partner's own machine."""
        return self.root / "agencies" / name

    @property
    def custodian(self) -> Path:
        """The key custodian's machine."""
        return self.root / "custodian"

    @property
    def linker(self) -> Path:
        """The linker's machine."""
        return self.root / "linker"

    @property
    def assembler(self) -> Path:
        """The assembler's machine."""
        return self.root / "assembler"

    @property
    def centre(self) -> Path:
        """The release desk: receives submissions, keeps requests, ledger and log, and makes releases."""
        return self.root / "centre"

    @property
    def board(self) -> Path:
        """The members' keys and votes."""
        return self.root / "board"

    @property
    def analyst(self) -> Path:
        """The analyst's machine."""
        return self.root / "analyst"

    @property
    def public(self) -> Path:
        """What anybody may read: the log and the register."""
        return self.root / "public"
