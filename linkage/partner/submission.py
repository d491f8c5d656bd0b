"""From tokens and attributes to a submission: a folder of sealed files and one signed manifest, complete or not there at all."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from keys import Identity, Secret
from keys.round_keys import key_check
from linkage.attestations import Attestation
from linkage.errors import BadInput
from linkage.manifest import RECORDS, Base, Manifest, Round, SealedFile, rounded_gone
from linkage.partner.attribute_rows import AttributeRows
from linkage.partner.draft import Draft
from linkage.partner.ledger.changes import Changes
from linkage.partner.ledger.folder import LedgerFolder
from linkage.partner.ledger.ledger import Ledger
from linkage.partner.sealed_files import Nobody, Watch
from linkage.partner.sealed_files import Recipients as Recipients
from linkage.partner.subgroups import SubgroupRows
from linkage.partner.tokenise import PassSummary, Tokeniser
from linkage.schema import Schema
from linkage.tokens import PartnerStatistics


@dataclass(frozen=True, slots=True)
class Submission:
    """A submission as written: its folder, its manifest, what became of each pass, and, where a ledger is kept, what changed since the one before."""

    folder: Path
    manifest: Manifest
    passes: tuple[PassSummary, ...]
    changes: Changes | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """What a manifest says that does not depend on the records: the round and its secret, the partner, the legal gateways, the time, who was left out,
    whether the partner knows that no person has two records in the file, and the gateway of each kind of subgroup codes."""

    one: Round
    secret: Secret
    partner: str
    attribute_gateways: Mapping[str, str]
    token_gateway: str
    now: datetime
    exclusions: tuple[Attestation, ...] = ()
    deduplicated: bool = False
    subgroups: Mapping[str, str] = field(default_factory=dict)

    def check_follows(self, earlier: Ledger) -> None:
        """Nothing, if an update may follow that submission.

        Raises:
            BadInput: the secret, the attributes or the gateways are others by now.
        """
        before = earlier.manifest
        if key_check(self.secret, project=self.one.project, epoch=self.one.epoch) != before.key_check:
            raise BadInput(
                "the last submission was made with another project secret: an update needs the same; submit the whole file"
            )
        if (dict(self.attribute_gateways), dict(self.subgroups), self.token_gateway) != (
            dict(before.attributes),
            dict(before.subgroups),
            before.token_gateway,
        ):
            raise BadInput(
                "the mapping has other attributes or gateways, or other subgroups, than the last submission: an update keeps them;"
                " to change them, withdraw at the centre and submit the whole file"
            )

    def manifest(
        self, files: tuple[SealedFile, ...], *, statistics: PartnerStatistics, earlier: Ledger | None, gone: int
    ) -> Manifest:
        """The manifest of these files."""
        body = hashlib.sha256("".join(f.sha256 for f in files).encode()).hexdigest()
        return Manifest(
            round=self.one,
            partner=self.partner,
            submission=f"{self.partner}-{self.one.epoch}-{body[:12]}",
            made_at=self.now.isoformat(timespec="seconds"),
            key_check=key_check(self.secret, project=self.one.project, epoch=self.one.epoch),
            files=files,
            statistics=statistics,
            attributes=dict(self.attribute_gateways),
            token_gateway=self.token_gateway,
            kind="whole" if earlier is None else "update",
            base=Base(earlier.manifest.submission, earlier.manifest.digest) if earlier is not None else None,
            gone=rounded_gone(gone),
            exclusions=self.exclusions,
            deduplicated=self.deduplicated,
            subgroups=dict(self.subgroups),
        )


def seal_submission(
    tokeniser: Tokeniser,
    *,
    schema: Schema,
    attributes: AttributeRows | None,
    attribute_gateways: Mapping[str, str],
    token_gateway: str,
    one: Round,
    secret: Secret,
    signer: Identity,
    partner: str,
    recipients: Recipients,
    folder: Path,
    now: datetime,
    progress: Callable[[str, int], None] = lambda _, __: None,
    watch: Watch | None = None,
    exclusions: tuple[Attestation, ...] = (),
    deduplicated: bool = False,
    subgroups: SubgroupRows | None = None,
    subgroup_gateways: Mapping[str, str] | None = None,
    changes: Changes | None = None,
    ledgers: LedgerFolder | None = None,
    inspect: Callable[[Path, Manifest], None] = lambda _, __: None,
    processes: int = 1,
) -> Submission:
    """The submission in `folder`, which must not exist. It is written beside it first and renamed when whole. With `changes` since an earlier ledger it
    is an update; with `ledgers`, which are open, the new ledger is kept there once the submission is whole. `inspect` looks at the signed draft last of all:
    what it raises keeps the submission from leaving. So many `processes` share the passes; what is in the files does not depend on their number.

    Raises:
        BadInput: the folder exists already, or an update cannot follow what it should.
        NotWritten: the system refused to write, or another run is writing this submission; nothing is left.
    """
    terms = Terms(
        one,
        secret,
        partner,
        attribute_gateways,
        token_gateway,
        now,
        exclusions,
        deduplicated,
        subgroup_gateways or {},
    )
    earlier = changes.earlier if changes is not None else None
    if earlier is not None:
        terms.check_follows(earlier)
    with Draft(folder, one=one, partner=partner, recipients=recipients, watch=watch or Nobody()) as draft:
        summaries = draft.put_passes(
            tokeniser, schema=schema, progress=progress, changes=changes, processes=processes
        )
        draft.put_records(tokeniser.refs if changes is None else changes.sent)
        if changes is not None and earlier is not None:
            draft.put_gone(RECORDS, changes.gone)
        if attributes is not None:
            attributes.of(tokeniser.refs)
            draft.put_attributes(
                attributes.tables() if changes is None else [changes.attribute_rows(attributes.table())],
                types=attributes.types,
            )
        if subgroups is not None:
            # Of all records, also in an update: whether a code is too rare to be sent is a question of the whole file.
            draft.put_subgroups(subgroups.leaving(tokeniser.refs))
        statistics = tokeniser.statistics()
        gone = len(changes.gone) if changes is not None and earlier is not None else 0
        made = draft.sign(
            lambda files: terms.manifest(files, statistics=statistics, earlier=earlier, gone=gone),
            signer=signer,
        )
        inspect(draft.draft, made)
        if changes is not None and ledgers is not None:
            ledgers.wait(changes.ledger(made), out=folder)
        draft.commit()
        if ledgers is not None:
            ledgers.keep(made.submission)
    return Submission(folder, made, summaries, changes)
