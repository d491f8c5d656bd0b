"""The search for raw values in a submission that is about to leave."""

from pathlib import Path
from typing import Final

import numpy as np

from keys import PublicIdentity
from linkage.manifest import Manifest
from linkage.partner.rawsearch.needles import needles
from linkage.partner.rawsearch.search import RawSearch, Searcher
from linkage.partner.suggestions.public_words import public_words
from service.officer.intake import Ready
from service.officer.office import Office

# A submission of more records is searched for raw values in a part of each file, unless all is asked for.
SEARCHED_WHOLE: Final = 10_000


class Inspection:
    """Looks for raw values in what is about to leave: in every byte of a small submission, in a part of every file of a large one unless all of it is
    asked for."""

    def __init__(self, ready: Ready, *, office: Office, partner: str, search_all: bool) -> None:
        parties = [r.name for r in _parties(office)]
        sample = ready.quality.records > SEARCHED_WHOLE and not search_all
        self.searcher = Searcher(
            needles(ready.seen.values),
            known=public_words(office.schema, parties=[office.one.project, partner, *parties]),
            left_out=ready.seen.left_out,
            rng=np.random.default_rng() if sample else None,
        )
        self._result: RawSearch | None = None

    def __call__(self, draft: Path, manifest: Manifest) -> None:
        """Nothing, if no value of the file stands readable in the draft or stood there before it was sealed.

        Raises:
            RawValueFound: one does.
        """
        self._result = self.searcher.submission(draft, manifest=manifest)
        self._result.require_none()

    @property
    def result(self) -> RawSearch | None:
        """What the search found, once it is done."""
        return self._result


def _parties(office: Office) -> tuple[PublicIdentity, ...]:
    to = office.recipients
    return (to.linker, to.assembler, to.custodian, office.officer.public)
