"""What an analyst does with a release that was handed over: open it, on her own machine, with her own key, and hold it against the log."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from ethics.errors import NotVerified
from ethics.proofs import verify_proof
from ethics.roles import log_keys
from keys import BadSeal, Identity, TrustRegister
from keys.passphrase import Unlock
from linkage.drafts import FolderDraft
from linkage.errors import BadInput
from service import clock
from service.memory import read_remembered
from service.release import ENTRY_FILE, PROOF_FILE, digest_of, open_release
from service.writing import check_new

SUFFIX: Final = ".sealed"


def open_folder(folder: Path, *, identity: Path, shared: Path, out: Path, unlock: Unlock) -> str:
    """The files of the release in a new folder `out`, opened; the folder bears the release's id, as it was handed over.

    Anybody can seal a file to her: what is opened is kept only if the log has an entry of this very release.

    Raises:
        BadInput: there is no sealed file, or `out` exists.
        BadSeal: a file is for somebody else, was altered, or belongs to another release than the folder's name says.
        NotVerified: the log did not let these files out.
    """
    check_new(out)
    now = clock.now()
    by = Identity.load(identity, unlock=unlock)
    project = read_remembered(shared, folder=identity.parent, now=now)
    sealed = {p.name: p.read_bytes() for p in sorted(folder.glob(f"*{SUFFIX}")) if p.is_file()}
    if not sealed:
        raise BadInput(f"{folder.name} holds no sealed file: name the folder that the release desk handed over")
    release_id = folder.resolve().name
    try:
        opened = open_release(sealed, release_id=release_id, one=project.one, by=by)
    except BadSeal as fault:
        raise BadSeal(
            f"{folder.name}: {fault}; the folder must bear the name that the release desk gave it"
        ) from fault
    check_released(opened, release_id=release_id, trust=project.trust, now=now)
    with FolderDraft(out) as draft:
        for name, content in opened.items():
            draft.put(name, content)
        draft.commit()
    return f"{len(opened)} files in {out.name}, as the log let them out: {', '.join(sorted(opened))}"


def check_released(
    opened: Mapping[str, bytes], *, release_id: str, trust: TrustRegister, now: datetime
) -> None:
    """Nothing, if the log, by its key of the trust register, says that it let out exactly these files under this id.

    Raises:
        NotVerified: it does not, or its proof is not among them.
    """
    contents = {name: content for name, content in opened.items() if name not in (ENTRY_FILE, PROOF_FILE)}
    if len(contents) != len(opened) - 2:
        raise NotVerified(f"{release_id} comes without its proof: ask the release desk to hand it over again")
    keys = log_keys(trust, at=now)
    proof = opened[PROOF_FILE].decode("utf-8", errors="replace")
    event = verify_proof(proof, opened[ENTRY_FILE], log=keys.log, witnesses=keys.witnesses).event
    said = (event.kind, event.details.get("release"), event.details.get("files_digest"))
    if said != ("release-made", release_id, digest_of(contents)):
        raise NotVerified(
            f"the log has let out other files than these, or not as {release_id}: ask the release desk what it has released"
        )
