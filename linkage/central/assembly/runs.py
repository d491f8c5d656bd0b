"""The linker's runs as the assembler reads them: the full one, and the updates that extend it, in order."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa

from keys import Identity, PublicIdentity
from linkage.central.assembly.maps import Reader
from linkage.central.chain import UPDATE
from linkage.central.pairs.run import Run, checked_file, signed_run, submissions_of
from linkage.central.pairs.sealed_pairs import PAIRS_SUFFIX, open_pairs
from linkage.errors import BadSubmission
from linkage.manifest import Manifest, Round

FILE: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,60}(\.[0-9]+)?" + re.escape(PAIRS_SUFFIX))


@dataclass(frozen=True, slots=True)
class Told:
    """One run in its folder. `upto` is, by partner, the place in its chain of the submission that was linked; -1 of a partner whose submission is no longer
    here."""

    folder: Path
    run: Run
    upto: Mapping[str, int]

    def passes(self) -> dict[str, list[str]]:
        """The names of its files, by pass."""
        out: dict[str, list[str]] = {}
        for name in sorted(self.run.files):
            out.setdefault(name.partition(".")[0], []).append(name)
        return out

    def check(self) -> None:
        """Nothing, if its files are as the linker signed them; none is opened.

        Raises:
            BadSubmission: one is missing or was altered.
        """
        for name in self.run.files:
            checked_file(self.folder, name, run=self.run)

    def pairs(self, key: str, *, one: Round, assembler: Identity) -> Iterator[pa.Table]:
        """The scored pairs of a pass, file by file.

        Raises:
            BadSubmission: a file is missing or was altered since the linker signed the run.
            BadSeal: it is of another pass or round.
        """
        for name in self.passes().get(key, ()):
            content = checked_file(self.folder, name, run=self.run)
            yield open_pairs(content, key=key, one=one, assembler=assembler)


def read_runs(
    pairs: Path, *, reader: Reader, manifests: Sequence[Manifest], linker: PublicIdentity
) -> tuple[Told, ...]:
    """The full run and every update after it, the last of which is of these very submissions.

    Raises:
        BadSubmission: one is unfinished, altered, not signed by the linker or of another round; an update does not extend the run before it or was scored by
            another model; or the last is of other submissions than are here.
    """
    folders = [pairs, *sorted(p for p in pairs.glob("update-*") if UPDATE.fullmatch(p.name))]
    runs = [signed_run(folder, one=reader.one, linker=linker) for folder in folders]
    if wrong := sorted(name for run in runs for name in run.files if not FILE.fullmatch(name)):
        raise BadSubmission(
            f"a run of the linker names {wrong[0]!a}, which no file of pairs is called: run it again"
        )
    if runs[0].base is not None:
        raise BadSubmission(f"{pairs.name}/ has an update where a full run should be: run the linker again")
    for folder, before, run in zip(folders[1:], runs, runs[1:], strict=False):
        if run.base != before.digest or run.model != before.model:
            raise BadSubmission(
                f"{folder.name} does not extend the run before it: take it in as it was sent, or run the linker again"
            )
    if runs[-1].submissions != submissions_of(manifests):
        raise BadSubmission("the linker's last run is of other submissions than are here: run the linker again")
    places = {
        m.partner: {link.manifest.digest: at for at, link in enumerate(reader.chain(m))} for m in manifests
    }
    return tuple(
        Told(folder, run, {p: places.get(p, {}).get(digest, -1) for p, digest in run.submissions.items()})
        for folder, run in zip(folders, runs, strict=True)
    )
