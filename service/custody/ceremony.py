"""The ceremony: one process makes a round's keys, and lets go of them only in pieces that are sealed to those who may hold them.

It holds the whole in memory and shows and writes none of it. What it writes is a folder: the record, a sealed share of each kind for every custodian,
the project secret sealed to every data officer. Every custodian then checks the folder and signs the record, and with enough signatures it is published.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from keys import Identity, PublicIdentity, Secret, sign_note
from keys.ceremony import deliver_secret, make_secret
from keys.ceremony_record import CUSTODIAN, CeremonyRecord, Delivery, Keeper, SharePrint
from keys.errors import BadShare
from keys.round_keys import (
    LINKER_OPENING,
    PROJECT_SECRET,
    commitment,
    key_check,
    seal_share,
    with_opening_key,
)
from keys.shares import check_threshold, combine, share_check, split, usual_threshold
from linkage.errors import BadInput
from service.custody.ceremony_check import OFFICER, check_ceremony, check_linker_signs
from service.custody.ceremony_folder import Made, delivery_file, sha256, share_file, write_ceremony
from service.custody.custodians import AtWork
from service.errors import OutOfOrder


@dataclass(frozen=True, slots=True)
class Plan:
    """For whom a ceremony makes the keys of one epoch. `linker` gets an opening key that the custodians share; with None it holds its own."""

    project: str
    epoch: int
    threshold: int
    custodians: tuple[PublicIdentity, ...]
    officers: tuple[PublicIdentity, ...]
    linker: PublicIdentity | None
    closes: Mapping[int, datetime]


def make(plan: Plan, *, by: Identity, now: datetime, randomness: Callable[[int], bytes]) -> Made:
    """The keys of the round, made, shared, sealed and forgotten. Of `randomness` it takes 32 bytes for the project secret, then 32 for the linker's
    opening key if there is one; the randomness of the shares is the operating system's.

    Raises:
        BadShare: the threshold does not serve for so many custodians.
    """
    project, epoch = plan.project, plan.epoch
    whole = {PROJECT_SECRET: make_secret(name="project secret", randomness=randomness)}
    linker = None
    if plan.linker is not None:
        whole[LINKER_OPENING] = make_secret(name="linker's opening key", randomness=randomness)
        linker = with_opening_key(plan.linker, master=whole[LINKER_OPENING])
    files: dict[str, bytes] = {}
    prints: dict[str, dict[str, SharePrint]] = {one.name: {} for one in plan.custodians}
    for kind in sorted(whole):
        shares = _split(whole[kind], plan)
        for one, share in zip(plan.custodians, shares, strict=True):
            sealed = seal_share(share, project=project, epoch=epoch, kind=kind, to=one)
            files[share_file(one.name, kind=kind)] = sealed
            check = share_check(share, project=project, epoch=epoch, kind=kind, holder=one.name)
            prints[one.name][kind] = SharePrint(sha256(sealed), check)
    deliveries = []
    for officer in plan.officers:
        sealed = deliver_secret(whole[PROJECT_SECRET], project=project, epoch=epoch, to=officer)
        files[delivery_file(officer.name)] = sealed
        deliveries.append(Delivery(officer.name, officer.fingerprint, sha256(sealed)))
    record = CeremonyRecord(
        project=project,
        epoch=epoch,
        made_at=now,
        by=by.name,
        threshold=plan.threshold,
        custodians=tuple(Keeper(one.name, one.fingerprint, prints[one.name]) for one in plan.custodians),
        deliveries=tuple(deliveries),
        commitment=commitment(whole[PROJECT_SECRET], project=project, epoch=epoch),
        key_check=key_check(whole[PROJECT_SECRET], project=project, epoch=epoch),
        linker=linker,
        closes=plan.closes,
    )
    return Made(record, sign_note(record.text, by=by), files)


def _split(secret: Secret, plan: Plan) -> tuple[Secret, ...]:
    """The shares, after the first and the last of them were seen to give the secret back."""
    shares = split(secret, threshold=plan.threshold, shares=len(plan.custodians))
    for some in (shares[: plan.threshold], shares[-plan.threshold :]):
        if combine(some, name=secret.name) != secret:
            raise BadShare("the shares do not give back what was shared: nothing was written; run it again")
    return shares


def plan_ceremony(
    work: AtWork,
    *,
    epoch: int | None,
    threshold: int | None,
    linker: PublicIdentity | None,
    closes_earlier: datetime | None,
) -> Plan:
    """The ceremony of this project's epoch, or of the next: for all custodians and data officers of the trust register.

    Raises:
        OutOfOrder: the epoch is another, had its ceremony already, or it is not said when the one before it closes.
        BadSignature: the linker is another than the register's.
        BadShare: the threshold does not serve.
    """
    project, rounds = work.project.one, work.rounds
    epoch = project.epoch if epoch is None else epoch
    if epoch not in (project.epoch, project.epoch + 1):
        raise OutOfOrder(
            f"the project is at epoch {project.epoch}: a ceremony is for that one, or for the next as a rotation"
        )
    if epoch in rounds.records:
        raise OutOfOrder(
            f"epoch {epoch} had its ceremony already: a new secret is that of the next epoch; run linkage custodian rotate"
        )
    rotates = epoch > project.epoch
    if rotates and closes_earlier is None:
        raise OutOfOrder(f"say with --closes-earlier from when on epoch {project.epoch} takes no submission")
    if not rotates and closes_earlier is not None:
        raise OutOfOrder("only a rotation closes an earlier epoch: leave out --closes-earlier")
    custodians = _identities(work, CUSTODIAN)
    threshold = usual_threshold(len(custodians)) if threshold is None else threshold
    check_threshold(threshold, shares=len(custodians))
    closes = {project.epoch: closes_earlier} if closes_earlier is not None else {}
    return Plan(
        project.project, epoch, threshold, custodians, _identities(work, OFFICER), _linker(work, linker), closes
    )


def _identities(work: AtWork, role: str) -> tuple[PublicIdentity, ...]:
    holders = work.trust.holders(role, at=work.now)
    return tuple(e.identity for e in sorted(holders, key=lambda e: e.identity.name))


def _linker(work: AtWork, given: PublicIdentity | None) -> PublicIdentity | None:
    """The linker whose opening key is shared: the one given; without one, the register's, if its key of the last epoch was shared."""
    if given is None:
        last = work.rounds.records.get(max(work.rounds.records, default=0))
        return work.trust.only("linker", at=work.now) if last is not None and last.linker else None
    check_linker_signs(work, given)
    return given


def hold(work: AtWork, plan: Plan, *, out: Path, randomness: Callable[[int], bytes]) -> CeremonyRecord:
    """The ceremony's folder stands in `out`, the log says so, and whoever ran it keeps its own shares.

    Raises:
        BadInput: something stands in `out`.
        NotWritten: the system refused.
    """
    if out.exists():
        raise BadInput(f"{out.name} exists already: a ceremony is never overwritten; name another folder")
    made = make(plan, by=work.me, now=work.now, randomness=randomness)
    kind = "secret-rotated" if plan.closes else "ceremony-held"
    work.box.record(
        work.event(
            kind,
            epoch=plan.epoch,
            note_digest=made.record.digest,
            threshold=plan.threshold,
            members=len(plan.custodians),
        )
    )
    write_ceremony(made, out=out)
    check_ceremony(work, folder=out)
    return made.record
