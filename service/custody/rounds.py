"""The rounds of a project as the records of their ceremonies state them: which secret is whose, which keys the linker has, what is closed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from keys import NotTrusted, PublicIdentity, Secret, TrustRegister
from keys.ceremony_record import CeremonyRecord, verify_record
from keys.errors import WrongSecret
from keys.round_keys import commitment
from service.errors import NoCeremony, RolledBack, RoundClosed
from service.memory import TOLERANCE, Shown, recall, remember
from service.shared import Project
from service.texts import read_text
from service.trust.draft import when

CEREMONIES: Final = "ceremonies"
EPOCH: Final = "epoch"


def record_path(shared: Path, *, epoch: int) -> Path:
    """Where the record of an epoch lies in the shared folder."""
    return shared / CEREMONIES / f"{epoch}.note"


@dataclass(frozen=True, slots=True)
class Rounds:
    """Verified records by epoch."""

    project: str
    records: Mapping[int, CeremonyRecord]

    @classmethod
    def read(cls, shared: Path, *, trust: TrustRegister, now: datetime) -> "Rounds":
        """The records in a shared folder; none, if no ceremony was published.

        Raises:
            BadSignature, NotTrusted: one is not signed by a quorum of the custodians, or is another project's.
            RolledBack: one is dated after this machine's clock, or lies in another epoch's place.
        """
        records = {}
        for path in sorted((shared / CEREMONIES).glob("*.note")):
            record = verify_record(read_text(path), trust=trust)
            if path.name != f"{record.epoch}.note":
                raise RolledBack(
                    f"{CEREMONIES}/{path.name} is the record of epoch {record.epoch}: somebody put it in another's place; fetch the shared folder again"
                )
            if record.made_at > now + TOLERANCE:
                raise RolledBack(
                    f"the ceremony of epoch {record.epoch} was held at {when(record.made_at)}, and this machine's clock says {when(now)}: set the clock right"
                )
            records[record.epoch] = record
        return cls(trust.project, records)

    def record(self, epoch: int) -> CeremonyRecord:
        """The record of an epoch.

        Raises:
            NoCeremony: there is none.
        """
        if epoch not in self.records:
            raise NoCeremony(
                f"epoch {epoch} of {self.project} has no record of a ceremony in {CEREMONIES}/: ask a custodian to publish it"
            )
        return self.records[epoch]

    def closes_at(self, epoch: int) -> datetime | None:
        """From when on the epoch takes no submission: the earliest time that a later record says; None if none does."""
        return min((r.closes[epoch] for r in self.records.values() if epoch in r.closes), default=None)

    def is_open(self, epoch: int, *, now: datetime) -> bool:
        """Whether the epoch takes submissions at that time."""
        closes = self.closes_at(epoch)
        return epoch in self.records and (closes is None or now < closes)

    def require_open(self, epoch: int, *, now: datetime) -> CeremonyRecord:
        """The record of an epoch that takes submissions at that time.

        Raises:
            NoCeremony: it has no record.
            RoundClosed: it takes none any more.
        """
        record, closes = self.record(epoch), self.closes_at(epoch)
        if closes is not None and now >= closes:
            raise RoundClosed(
                f"epoch {epoch} of {self.project} takes no submission since {when(closes)}: use the secret of epoch {max(self.records)}, and the newest shared folder"
            )
        return record

    def objections(self, epoch: int, *, now: datetime, key_check: str | None = None) -> list[str]:
        """Every reason, in a sentence, why a submission of this epoch may not come in at that time; with the `key_check` that it states, also whether
        it was made with the round's secret."""
        try:
            record = self.require_open(epoch, now=now)
        except (NoCeremony, RoundClosed) as fault:
            return [str(fault)]
        if key_check is not None and key_check != record.key_check:
            return [f"it was made with another secret than that of epoch {epoch}: tokenise again"]
        return []

    def of_secret(self, secret: Secret) -> CeremonyRecord:
        """The record of the round whose project secret this is.

        Raises:
            WrongSecret: it is that of no round.
        """
        for epoch, record in self.records.items():
            if commitment(secret, project=self.project, epoch=epoch) == record.commitment:
                return record
        raise WrongSecret(f"this is the project secret of no round of {self.project}: nothing was done with it")

    def shown(self) -> dict[str, Shown]:
        """The records as documents that were seen."""
        return {_document(epoch): Shown(1, record.digest) for epoch, record in self.records.items()}


def check_linker(record: CeremonyRecord, *, listed: PublicIdentity) -> None:
    """Nothing, if the register's linker has the opening key that the ceremony made; where the ceremony made none, any.

    Raises:
        NotTrusted: it has another, so that what is sealed to it could not be opened by the custodians.
    """
    if record.linker is not None and record.linker != listed:
        raise NotTrusted(
            f"{listed.name} has other keys in the trust register than in the record of epoch {record.epoch}: ask the holders of the root for a new version"
        )


def check_secrets(record: CeremonyRecord, *, secret: Secret, own: Secret) -> None:
    """Nothing, if this is the round's project secret, and the own secret another.

    Raises:
        WrongSecret: it is another, or the two are exchanged.
    """
    theirs = commitment(own, project=record.project, epoch=record.epoch)
    if theirs == record.commitment:
        raise WrongSecret(
            f"what was given as the own secret is the project secret of epoch {record.epoch}: give the project secret with --secret and your own with --own"
        )
    record.check_secret(secret)


def read_rounds(shared: Path, *, project: Project, folder: Path, now: datetime) -> Rounds:
    """The rounds, if nothing of them is older, another or gone since the actor of `folder` saw them; from now on it has seen these. `now` is what the
    machine's clock says.

    Raises:
        RolledBack: a record is another, or is gone, or the project is back at an earlier epoch.
        BadSignature, NotTrusted: as `Rounds.read`.
    """
    rounds = Rounds.read(shared, trust=project.trust, now=now)
    shown = rounds.shown()
    before = [name for name in recall(folder).documents if name.startswith(f"{CEREMONIES}/")]
    if gone := sorted(set(before) - set(shown)):
        raise RolledBack(
            f"the record {gone[0]} was here before and is missing now: somebody took it away, or your copy of the shared folder is old; fetch the newest"
        )
    # The project's file carries no signature: an epoch counts as seen only with its record, or anybody could make everybody refuse the true one.
    current = project.one.epoch
    at = {EPOCH: Shown(current)} if current in rounds.records else {}
    remember(folder, {**shown, **at}, now=now)
    return rounds


def _document(epoch: int) -> str:
    return f"{CEREMONIES}/{epoch}.note"
