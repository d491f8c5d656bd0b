"""From tokens and attributes to a submission: a folder of sealed files and one signed manifest, complete or not there at all."""

import hashlib
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from keys import Identity, PublicIdentity, Secret, derive, seal, sign_note
from keys.columns import wrap_column_key
from linkage.attributes import RECORD_REF, write_attributes
from linkage.errors import BadInput
from linkage.manifest import ATTRIBUTES_NAME, MANIFEST_NAME, RECORDS, Manifest, Round, SealedFile
from linkage.tokens import PartnerStatistics, PassMap, TokenTable, write_map, write_pass


@dataclass(frozen=True, slots=True)
class Recipients:
    """For whom what is sealed."""

    linker: PublicIdentity
    assembler: PublicIdentity
    custodian: PublicIdentity


@dataclass(frozen=True, slots=True)
class Submission:
    """A submission as written: its folder and its manifest."""

    folder: Path
    manifest: Manifest


def key_check(secret: Secret, one: Round) -> str:
    """Four bytes that tell whether two parties hold the same project secret, and nothing else about it."""
    return derive(secret, "key-check", one.project, str(one.epoch), length=4).expose().hex()


def attribute_table(rows: pd.DataFrame, *, columns: Mapping[str, str], refs: npt.NDArray[np.uint8]) -> pa.Table:
    """`record_ref` and one text column an attribute; `columns` maps attribute names to the file's columns."""
    texts = {
        a: pa.array(rows[c].astype("string").str.strip(), pa.string(), from_pandas=True)
        for a, c in columns.items()
    }
    order = np.lexsort(refs.T[::-1])
    table = pa.table({RECORD_REF: pa.array(list(map(bytes, refs)), pa.binary(16)), **texts})
    return table.take(pa.array(order))


def records_map(refs: npt.NDArray[np.uint8]) -> PassMap:
    """All records of the file, so that those without any match key become people too."""
    order = np.lexsort(refs.T[::-1])
    return PassMap(RECORDS, np.arange(len(refs), dtype=np.int64), refs[order])


def seal_submission(
    tokens: TokenTable,
    statistics: PartnerStatistics,
    *,
    refs: npt.NDArray[np.uint8],
    attributes: pa.Table | None,
    attribute_gateways: Mapping[str, str],
    token_gateway: str,
    one: Round,
    secret: Secret,
    signer: Identity,
    partner: str,
    recipients: Recipients,
    folder: Path,
    now: datetime,
    progress: Callable[[str], None] = lambda _: None,
) -> Submission:
    """The submission in `folder`, which must not exist. It is written beside it first and renamed when whole.

    Raises:
        BadInput: the folder exists already.
    """
    if folder.exists():
        raise BadInput(
            f"{folder.name} exists already: a submission is never overwritten; move it away or name another folder"
        )
    draft = folder.with_name(f".{folder.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    files = []

    def put(name: str, content: bytes) -> None:
        progress(name)
        with (draft / name).open("wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        files.append(SealedFile(name, hashlib.sha256(content).hexdigest(), len(content)))

    meta = {"partner": partner}
    for table, one_map in zip(tokens.passes, tokens.maps, strict=True):
        context = one.context(partner, table.key)
        put(
            f"{table.key}.tokens.sealed",
            seal(write_pass(table, meta=meta), to=recipients.linker, context=context),
        )
        put(
            f"{table.key}.map.sealed",
            seal(write_map(one_map, meta=meta), to=recipients.assembler, context=context),
        )
    everyone = one.context(partner, RECORDS)
    put(
        f"{RECORDS}.map.sealed",
        seal(write_map(records_map(refs), meta=meta), to=recipients.assembler, context=everyone),
    )
    if attributes is not None:
        put(
            ATTRIBUTES_NAME,
            write_attributes(
                attributes,
                one=one,
                partner=partner,
                wrap=lambda key, key_id: wrap_column_key(key, key_id=key_id, to=recipients.custodian),
            ),
        )
    body = hashlib.sha256("".join(f.sha256 for f in files).encode()).hexdigest()
    manifest = Manifest(
        round=one,
        partner=partner,
        submission=f"{partner}-{one.epoch}-{body[:12]}",
        made_at=now.isoformat(timespec="seconds"),
        key_check=key_check(secret, one),
        files=tuple(files),
        statistics=statistics,
        attributes=dict(attribute_gateways),
        token_gateway=token_gateway,
    )
    (draft / MANIFEST_NAME).write_text(sign_note(manifest.text(), by=signer), encoding="utf-8")
    draft.rename(folder)
    return Submission(folder, manifest)
