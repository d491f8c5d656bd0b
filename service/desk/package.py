"""The files of a release: their contents, what the log says of them, and how they are sealed. The same release gives the same bytes."""

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from keys import Identity, PublicIdentity, open_sealed, seal
from linkage.manifest import Round
from policies.explain import explain, obligations_in_words
from policies.five_safes import counted_in_words
from policies.obligations import Obligations
from service.desk.shapes import RELEASE_FORMAT, Going

METADATA_FORMAT: Final = "linkage-release-metadata/v1"
NOTE_FILE: Final = "note.txt"
DECISION_FILE: Final = "decision.json"
METADATA_FILE: Final = "metadata.json"
PROGRAM: Final = "vpp-private-linkage"
SUFFIX: Final = ".sealed"
LAW: Final = "Whoever re-identifies a person from this {what} without the controller's consent commits an offence (Data Protection Act 2018, s. 171)."


def digest_of(contents: Mapping[str, bytes]) -> str:
    """What the log says of a release's opened files: SHA-256 over the name and the SHA-256 of each, hexadecimal."""
    listed = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(contents.items())}
    return hashlib.sha256(json.dumps(listed).encode()).hexdigest()


def sealed_for(
    contents: Mapping[str, bytes], *, to: PublicIdentity, one: Round, place: Sequence[str]
) -> dict[str, bytes]:
    """Each file sealed under `<name>.sealed`, bound to this round, to the place and to its name."""
    return {f"{n}{SUFFIX}": seal(c, to=to, context=one.context(*place, n)) for n, c in contents.items()}


def opened_by(
    files: Mapping[str, bytes], *, by: Identity, one: Round, place: Sequence[str]
) -> dict[str, bytes]:
    """The files that `sealed_for` sealed to this identity at this place.

    Raises:
        BadSeal: a file is for somebody else, of another place, or was altered.
    """
    return {
        n.removesuffix(SUFFIX): open_sealed(c, by=by, context=one.context(*place, n.removesuffix(SUFFIX)))
        for n, c in files.items()
    }


def open_release(files: Mapping[str, bytes], *, release_id: str, one: Round, by: Identity) -> dict[str, bytes]:
    """The files of a release, opened by whom they are sealed to.

    Raises:
        BadSeal: a file is for somebody else, or was altered.
    """
    return opened_by(files, by=by, one=one, place=("release", release_id))


def parquet_of(heading: Sequence[str], *, columns: Sequence[pa.Array]) -> bytes:
    """The columns as Parquet, a heading each."""
    sink = io.BytesIO()
    pq.write_table(pa.table(list(columns), names=list(heading)), sink, compression="zstd")
    return sink.getvalue()


def package_of(
    going: Going, *, data: Mapping[str, bytes], what: str, reading: Sequence[str], rates: tuple[str, str], told: str,
    obligations: Obligations, facts: Mapping[str, Any],
) -> dict[str, bytes]:  # fmt: skip
    """The files beside the data files, and these: metadata, note and decision record.

    `what` is what the data are called; `reading` says how to read them; `rates` and `told` are the linkage error; `facts` go into the metadata as they are.
    """
    note = _note(going, what=what, reading=reading, told=told, obligations=obligations)
    record = {"permit": json.loads(going.permit.text()), "explanation": list(explain(going.decision))}
    files = {**data, NOTE_FILE: ("\n".join(note) + "\n").encode(), DECISION_FILE: as_json(record)}
    metadata = {
        "format": METADATA_FORMAT,
        "release": going.id,
        "project": going.request.project,
        "form": going.permit.form,
        "purpose": going.permit.purpose,
        "requester": going.permit.requester,
        "sealed_to": going.recipient.name,
        "expires": going.permit.expires.isoformat(),
        "clauses": list(going.permit.clauses),
        "duties": sorted(obligations.duties),
        "sources": _partners(going),
        "population": list(counted_in_words(going.request, catalogue=going.found.facts.catalogue)),
        "linkage_error": {"expected_wrong": rates[0], "expected_missed": rates[1]},
        "digests": {
            "request": going.permit.request,
            "policy": going.permit.policy,
            "facts": going.decision.facts,
            "decision": going.permit.decision,
        },
        "versions": {
            "program": version(PROGRAM),
            "vocabulary": going.decision.vocabulary,
            "note": RELEASE_FORMAT,
        },
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())},
        **facts,
    }
    return {**files, METADATA_FILE: as_json(metadata)}


def described(going: Going, *, attribute: str) -> str:
    """What the catalogue says an attribute is; of a window of time, its own name."""
    known = going.found.facts.catalogue.attributes.get(attribute)
    return attribute if known is None else known.says


def as_json(value: object) -> bytes:
    """The value as JSON, keys in order."""
    return (json.dumps(value, indent=1, sort_keys=True) + "\n").encode()


def stated_permit(contents: Mapping[str, bytes]) -> dict[str, Any]:
    """What the decision record of a package says of its permit."""
    permit: dict[str, Any] = json.loads(contents[DECISION_FILE])["permit"]
    return permit


def stated_recipient(contents: Mapping[str, bytes]) -> str:
    """For whom a package was made, by its metadata."""
    return str(json.loads(contents[METADATA_FILE])["sealed_to"])


def stated_obligations(permit: Mapping[str, Any]) -> Obligations:
    """The obligations of a permit that is told in a decision record."""
    told = dict(permit["obligations"])
    return Obligations(**told | {"duties": frozenset(told["duties"])})


def _note(going: Going, *, what: str, reading: Sequence[str], told: str, obligations: Obligations) -> list[str]:
    partners = ", ".join(going.found.facts.catalogue.partners[p].name for p in _partners(going))
    return [
        RELEASE_FORMAT,
        f"Release {going.id} for {going.request.project}",
        "",
        *reading,
        "",
        f"It rests on data of: {partners}.",
        *counted_in_words(going.request, catalogue=going.found.facts.catalogue),
        told,
        "",
        *obligations_in_words(obligations, form=going.permit.form),
        "",
        LAW.format(what=what),
        f"Use it until {going.permit.expires.isoformat()}.",
    ]


def _partners(going: Going) -> list[str]:
    return sorted({a.partition(".")[0] for a in going.permit.opens})
