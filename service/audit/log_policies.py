"""The policy of the log's witnesses: drafted from the trust register, signed by holders of the root, published beside the log."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from ethics.log_policy import LOG_POLICY_KIND, LogPolicy, draft_log_policy, parse_log_policy
from ethics.roles import log_keys
from keys import Identity
from keys.notes import add_signature, sign_note, verify_note
from keys.passphrase import Unlock
from linkage.errors import BadInput
from service.analyst.signed_requests import text_of
from service.audit.verifying import LOG_POLICY_FILE
from service.errors import OutOfOrder
from service.memory import read_remembered
from service.shared import read_project, read_root
from service.texts import read_text
from service.writing import check_new, write_whole


def draft(*, shared: Path, root: Path, needed: int, out: Path, now: datetime) -> str:
    """The text of a policy lies in a new file: so many of all witnesses in the trust register.

    Raises:
        BadDocument: there are not so many.
        BadInput: `out` exists.
    """
    check_new(out)
    trust = read_project(shared, root=read_root(root)).trust
    text = draft_log_policy(log_keys(trust, at=now), needed=needed)
    write_whole(out, text)
    return "\n".join(
        [
            *_told(parse_log_policy(text)),
            f"next: holders of the root sign {out.name} with linkage audit sign-policy",
        ]
    )


def sign(
    policy: Path,
    *,
    shared: Path,
    root: Path,
    identity: Path,
    unlock: Unlock,
    now: datetime,
    say: Callable[[str], None],
    confirm: Callable[[str], bool],
) -> str:
    """One more signature under the policy, by a holder of the root who was shown what it asks for.

    Raises:
        BadDocument: it is no policy.
        NotTrusted: it names other keys than the trust register.
        BadInput: the identity is none of the root's.
        OutOfOrder: it was not confirmed.
    """
    top = read_root(root)
    trust = read_remembered(shared, folder=identity.parent, now=now, root=top).trust
    note = read_text(policy)
    text = text_of(note)
    found = parse_log_policy(text)
    found.check_keys(log_keys(trust, at=now))
    by = Identity.load(identity, unlock=unlock)
    if by.public not in top.keys:
        raise BadInput(f"{by.name} is none of the root's keys: they sign the log's policy")
    say("\n".join(_told(found)))
    if not confirm(f"Does {by.name} sign this?"):
        raise OutOfOrder("not signed: nothing was changed")
    after = sign_note(text, by=by) if text == note else add_signature(note, by=by)
    write_whole(policy, after)
    count = len(verify_note(after, known=top.keys, kind=LOG_POLICY_KIND).signers)
    return f"{by.name} has signed {policy.name}: {count} of the {top.quorum} signatures that it needs to be {LOG_POLICY_FILE}"


def _told(policy: LogPolicy) -> list[str]:
    return [
        f"{len(policy.witnesses)} witnesses: {', '.join(policy.witnesses) or 'none'}",
        f"a checkpoint counts when it is cosigned by: {policy.says}",
    ]
