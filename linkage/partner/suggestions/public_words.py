"""The words that stand in a submission in the clear and are meant to: formats, names of columns and files, parties, attributes, gateways, digests.

A surname can be `Master` and a street `Police`; the search for raw values must not take such a word in its own place for somebody's name.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Final

from keys.sealing import SEAL_FORMAT
from linkage.attributes import FOOTER, RECORD_REF
from linkage.gone import GONE_FORMAT
from linkage.manifest import ATTRIBUTES_NAME, GONE_SUFFIX, MANIFEST_FORMAT, RECORDS, Manifest
from linkage.schema import Schema
from linkage.subgroups import SUBGROUP_PURPOSE, SUBGROUPS_FORMAT, SUBGROUPS_KNOWN, SUBGROUPS_NAME
from linkage.tokens import MAP_FORMAT, TOKENS_FORMAT

# What Apache Parquet writes about wrapped keys, and what an Arrow stream says of itself.
STANDARD: Final = (
    "keyMaterialType", "internalStorage", "isFooterKey", "kmsInstanceID", "kmsInstanceURL", "DEFAULT", "masterKeyID", "wrappedDEK", "keyReference",
    "doubleWrapping", "keyEncryptionKeyID", "wrappedKEK", "PKMT1", "parquet-cpp-arrow version", "AES_GCM_V1", "ARROW:schema",
)  # fmt: skip
OURS: Final = (
    SEAL_FORMAT, TOKENS_FORMAT, MAP_FORMAT, GONE_FORMAT, MANIFEST_FORMAT, RECORDS, FOOTER, RECORD_REF, ATTRIBUTES_NAME,
    SUBGROUPS_FORMAT, SUBGROUPS_NAME, SUBGROUP_PURPOSE, *SUBGROUPS_KNOWN,
    "row_ref", "block", "presence", "exact", "partner", "key", ".tokens.sealed", ".map.sealed", GONE_SUFFIX,
)  # fmt: skip
ENTRIES: Final = (
    "project", "epoch", "schema", "partner", "submission", "made_at", "key_check", "files", "name", "sha256", "size", "statistics", "records",
    "held", "attributes", "subgroups", "purpose", "gateways", "token_gateway", "exclusions", "kind", "base", "gone", "manifest",
)  # fmt: skip


def public_words(schema: Schema, *, parties: Iterable[str]) -> tuple[str, ...]:
    """The words of any submission under this schema; `parties` are the project, the partner, and the identities that it is sealed to and signed
    by."""
    keys = (key.name for key in schema.match_keys)
    return tuple(dict.fromkeys((*STANDARD, *OURS, *schema.comparisons, *schema.together, *keys, *parties)))


def manifest_words(manifest: Manifest) -> tuple[str, ...]:
    """What this manifest says beside its counts: rounds, files, digests, attributes, gateways, exclusion lists."""
    return tuple(dict.fromkeys((*ENTRIES, *_stated(manifest), *_attested(manifest))))


def _stated(manifest: Manifest) -> Iterator[str]:
    yield from (manifest.round.project, manifest.round.schema_digest, manifest.partner, manifest.submission)
    yield from (manifest.made_at, manifest.key_check, manifest.token_gateway, str(manifest.gone))
    if manifest.base is not None:
        yield from (manifest.base.submission, manifest.base.manifest)
    for attribute, gateway in (*manifest.attributes.items(), *manifest.subgroups.items()):
        yield from (attribute, gateway)
    for file in manifest.files:
        yield from (file.name, file.sha256, str(file.size))
    # A rate such as 0.000123 has the digits of a record id such as 000123.
    shares = (
        *manifest.statistics.held.values(),
        *(r for rates in manifest.statistics.u.values() for r in rates),
    )
    yield from map(json.dumps, (manifest.statistics.records, *shares))


def _attested(manifest: Manifest) -> Iterator[str]:
    for one in manifest.exclusions:
        yield from (*one.to_json(), one.name, one.of, one.without, one.checked.isoformat())
        yield from map(json.dumps, (one.listed, one.excluded))
