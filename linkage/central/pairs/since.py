"""What a linker's earlier runs have linked already, so that a later one tells only what is new."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from keys import PublicIdentity
from linkage.central.pairs.model import Model
from linkage.central.pairs.run import Run, signed_run
from linkage.central.pairs.token_files import Tokens
from linkage.errors import BadSubmission
from linkage.manifest import Round

UPDATE_RUN: Final = re.compile(r"update-[0-9]{4}")
IN_FULL: Final = "run the linker in full"


@dataclass(frozen=True, slots=True)
class Since:
    """The run that the next one extends, how many submissions of each partner it and those before it linked, and the next one's folder."""

    base: Run
    before: Mapping[str, int]
    folder: Path


def runs_in(out: Path, *, one: Round, linker: PublicIdentity) -> list[Run]:
    """The full run in the folder and the incremental ones after it, each of which extends the one before.

    Raises:
        BadSubmission: there is no full run, or one of them is not the linker's, of another round, or does not extend the one before.
    """
    runs = [signed_run(out, one=one, linker=linker)]
    if runs[0].base is not None:
        raise BadSubmission(f"{out.name}/ holds an incremental run where a full one should be: {IN_FULL}")
    for folder in sorted(p for p in out.glob("update-*") if UPDATE_RUN.fullmatch(p.name)):
        run = signed_run(folder, one=one, linker=linker)
        if run.base != runs[-1].digest or run.model != runs[0].model:
            raise BadSubmission(f"{folder.name}/ does not extend the run before it: {IN_FULL}")
        runs.append(run)
    return runs


def in_full_because(out: Path, tokens: Tokens, *, model: Model | None) -> str | None:
    """Why all is to be linked where only what is new might be; None where an incremental run does. `model` is the linker's, if it has one.

    A partner that came since is new to the model too, and where nothing is new, an incremental run would do nothing: who asks for a run then wants it anew.
    """
    try:
        extended = since(out, tokens)
    except BadSubmission as fault:
        return str(fault).removesuffix(f": {IN_FULL}")
    if extended is None:
        return "nothing is new since the last run"
    if model is None or model.digest != extended.base.model:
        return f"the model here is not the one that {out.name}/ was scored by"
    came = sorted(partner for partner, many in extended.before.items() if not many)
    return f"{', '.join(came)} came since the last run" if came else None


def since(out: Path, tokens: Tokens) -> Since | None:
    """What the next incremental run has to extend; None where everything is linked already.

    Raises:
        BadSubmission: there is no run to extend, or what is here does not follow what it linked: a partner was withdrawn, or submitted its whole file anew.
    """
    runs = runs_in(out, one=tokens.one, linker=tokens.linker.public)
    linked = runs[-1].submissions
    chains = tokens.digests
    for partner, digest in linked.items():
        if digest not in chains.get(partner, ()):
            raise BadSubmission(f"what {partner} has here does not follow what was linked before: {IN_FULL}")
    before = {p: chain.index(linked[p]) + 1 if p in linked else 0 for p, chain in chains.items()}
    if all(before[p] == len(chain) for p, chain in chains.items()):
        return None
    return Since(runs[-1], before, out / f"update-{len(runs):04d}")
