"""The linker's run: every pass compared chunk by chunk, the model trained on what all passes show, and the pairs scored by it and sealed.

What is costly, opening rows and comparing pairs, is done once a chunk; what came of it lies under seal in the run's own folder, for the linker
alone, until the model is there and the chunk is scored. A run that is broken off goes on with the chunks that it had not finished.

An incremental run compares only what is new, with itself and with what was there, and scores it by the model of the full run before it.
"""

from collections.abc import Sequence
from pathlib import Path

from keys import Identity, PublicIdentity
from linkage.central.pairs.chunks import Room
from linkage.central.pairs.journal import Journal, journal
from linkage.central.pairs.learn import check_statistics, held_by_enough, learn
from linkage.central.pairs.learn import score as score
from linkage.central.pairs.learn import train as train
from linkage.central.pairs.levels import lane_levels
from linkage.central.pairs.linking import Linking, Told
from linkage.central.pairs.model import LinkType, Model
from linkage.central.pairs.opened import open_tables as open_tables
from linkage.central.pairs.run import RUN_NAME, Run, submissions_of, write_run
from linkage.central.pairs.sealed_pairs import PAIRS_FORMAT as PAIRS_FORMAT
from linkage.central.pairs.sealed_pairs import PAIRS_SUFFIX as PAIRS_SUFFIX
from linkage.central.pairs.sealed_pairs import open_pairs as open_pairs
from linkage.central.pairs.sealed_pairs import seal_pairs as seal_pairs
from linkage.central.pairs.since import IN_FULL, since
from linkage.central.pairs.token_files import Tokens
from linkage.drafts import hidden, remove_whole, rename_whole
from linkage.errors import BadSubmission
from linkage.manifest import Manifest, Round
from linkage.schema import Schema


def _untold(name: str, done: int, total: int, unit: str) -> None:
    del name, done, total, unit


def run_linker(
    inbox: Path,
    *,
    out: Path,
    schema: Schema,
    one: Round,
    manifests: Sequence[Manifest],
    linker: Identity,
    assembler: PublicIdentity,
    link_type: LinkType,
    progress: Told = _untold,
    work: Path | None = None,
    room: Room = Room(),  # noqa: B008  frozen
    keep: bool = False,
) -> Model:
    """The model, and in `out` sealed files of scored pairs, one a chunk of a pass, and the run's signed note. Nothing unsealed is ever written; without the
    note, which comes last, there is no run. `work`, by default a hidden folder beside `out`, keeps what is finished until then. With `keep` the rows stay, under
    seal, in the partners' folders in a form of which later incremental runs open only what they need.

    Raises:
        BadModel: no two records share a match key.
        BadSubmission: a file is missing or not what it should be, or a partner's statistics are not of the schema.
        NotWritten: another run is at work, or the system refused to write.
    """
    tokens = Tokens.of(inbox, manifests=manifests, schema=schema, one=one, linker=linker)
    linking = Linking(tokens, assembler=assembler, link_type=link_type, room=room, progress=progress, keep=keep)
    check_statistics(schema, manifests)
    with journal(work or hidden(out, "work"), inputs=linking.inputs(), by=linker) as kept:
        held = held_by_enough(schema, manifests, link_type=link_type)
        passes = linking.plan({k.name: lane_levels(schema, k, held=held) for k in schema.match_keys})
        found = linking.compare(passes, kept=kept)
        model = learn(found, schema=schema, manifests=manifests, link_type=link_type)
        out.mkdir(parents=True, exist_ok=True)
        _make_way(out, kept=kept)
        files = dict(linking.score(passes, model=model, kept=kept, out=out))
        write_run(out, run=Run(one, model.digest, submissions_of(manifests), files), by=linker)
    return model


def run_update(
    inbox: Path,
    *,
    out: Path,
    schema: Schema,
    one: Round,
    manifests: Sequence[Manifest],
    linker: Identity,
    assembler: PublicIdentity,
    model: Model,
    progress: Told = _untold,
    work: Path | None = None,
    room: Room = Room(),  # noqa: B008  frozen
) -> Path | None:
    """The folder of an incremental run, `update-0001` and so on inside `out`, whole or not at all: the pairs with a row that is new since the runs in `out`, scored by
    their model. None where everything is linked already.

    Raises:
        BadSubmission: there is no run to extend, the model is not that run's, or what is here does not follow what it linked.
        NotWritten: another run is at work, or the system refused to write.
    """
    tokens = Tokens.of(inbox, manifests=manifests, schema=schema, one=one, linker=linker)
    extended = since(out, tokens)
    if extended is None:
        return None
    digest = model.digest
    if digest != extended.base.model:
        raise BadSubmission(f"the model here is not the one that {out.name}/ was scored by: {IN_FULL}")
    linking = Linking(
        tokens,
        assembler=assembler,
        link_type=model.link_type,
        room=room,
        progress=progress,
        before=extended.before,
    )
    target, draft = extended.folder, hidden(extended.folder, "draft")
    inputs = linking.inputs() | {"base": extended.base.digest, "model": digest}
    with journal(work or hidden(out, "work"), inputs=inputs, by=linker) as kept:
        passes = linking.plan({p.key: p.lanes for p in model.passes})
        draft.mkdir(parents=True, exist_ok=True)
        _clear(draft, kept=kept)
        files = dict(linking.compare_and_score(passes, model=model, kept=kept, out=draft))
        kept.settle()
        run = Run(one, digest, submissions_of(manifests), files, base=extended.base.digest)
        write_run(draft, run=run, by=linker)
        rename_whole(draft, target)
    return target


def _make_way(out: Path, *, kept: Journal) -> None:
    """Nothing of an earlier run is left, its note first."""
    (out / RUN_NAME).unlink(missing_ok=True)
    for update in (*out.glob("update-*"), *out.glob(".update-*")):
        remove_whole(update)
    _clear(out, kept=kept)


def _clear(out: Path, *, kept: Journal) -> None:
    """No pairs are left but those that this run has finished."""
    for earlier in out.glob(f"*{PAIRS_SUFFIX}"):
        if kept.digest(earlier.name, at=out) is None:
            earlier.unlink()
