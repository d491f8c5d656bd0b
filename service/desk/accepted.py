"""Submissions as their readers accepted them: what a signature is judged by is when it came, by the reader's own clock."""

from datetime import datetime
from pathlib import Path

from keys import TrustRegister
from linkage.central.receive import read_manifests
from linkage.manifest import Manifest, Round
from service.memory import recall, remember


def accepted_manifests(
    folder: Path, *, inbox: Path, trust: TrustRegister, one: Round, now: datetime, clock: datetime
) -> list[Manifest]:
    """The manifests of an inbox, as `read_manifests` reads them `now`, each judged at the time at which the folder's actor first accepted it.

    What counts is when a submission came to the reader, by the reader's own clock, and never the date that it bears: whoever signs after the
    end of its role has backdated nothing. What came before that end goes on counting, unless the entry is taken out of the register. `clock`,
    what the machine's clock says, is remembered of those that are new.

    Raises:
        RolledBack: the clock is behind the latest time seen.
        BadSubmission: as `read_manifests`.
    """
    manifests = read_manifests(inbox, trust=trust, one=one, now=now, received=recall(folder).received)
    remember(folder, {}, now=clock, received={m.digest: clock for m in manifests})
    return manifests
