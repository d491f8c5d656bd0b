"""What each party's whole disk and key give: the linker cannot join passes, the assembler holds no token, nobody at the centre holds a value."""

import dataclasses
import itertools
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from keys import BadSeal, Identity, open_sealed
from linkage.central.assemble import Linkage, run_assembler, write_spine
from linkage.central.link import open_pairs, open_tables, run_linker, seal_pairs
from linkage.central.pairs.model import Model
from linkage.central.pairs.run import RUN_NAME, Run, read_run, sha256, submissions_of, write_run
from linkage.central.receive import Doorstep
from linkage.central.report.quality import assess
from linkage.errors import BadSubmission
from linkage.manifest import MANIFEST_FORMAT, Manifest
from linkage.partner.tokenise import record_refs
from linkage.tokens import PassTable, read_map


@dataclass(frozen=True)
class Centre:
    """The centre after a linkage of both partners: its three disks, the linker's output, and what came of it."""

    doorstep: Doorstep
    pairs: Path
    manifests: list[Manifest]
    model: Model
    linkage: Linkage


@pytest.fixture(scope="module")
def centre(small_round: Any, tmp_path_factory: pytest.TempPathFactory) -> Centre:
    disk = tmp_path_factory.mktemp("centre")
    doorstep = Doorstep(disk / "linker", disk / "assembler", disk / "desk")
    manifests = [
        small_round.take_in(s.folder, doorstep=doorstep).manifest for s in small_round.submissions.values()
    ]
    model = run_linker(
        doorstep.linker,
        out=disk / "pairs",
        schema=small_round.schema,
        one=small_round.one,
        manifests=manifests,
        linker=small_round.people["linker"],
        assembler=small_round.recipients.assembler,
        link_type="link_only",
    )
    linkage = run_assembler(
        doorstep.assembler,
        pairs=disk / "pairs",
        one=small_round.one,
        manifests=manifests,
        assembler=small_round.people["assembler"],
        linker=small_round.people["linker"].public,
        threshold=model.threshold,
    )
    return Centre(doorstep, disk / "pairs", manifests, model, linkage)


@pytest.fixture(scope="module")
def tables(small_round: Any, centre: Centre) -> dict[str, dict[str, PassTable]]:
    """All that the linker can open, by pass and partner."""
    return {
        key.name: open_tables(
            key,
            inbox=centre.doorstep.linker,
            manifests=centre.manifests,
            schema=small_round.schema,
            one=small_round.one,
            linker=small_round.people["linker"],
        )
        for key in small_round.schema.match_keys
    }


def files(folder: Path) -> Iterator[Path]:
    return (p for p in sorted(folder.rglob("*")) if p.is_file())


def openable(folder: Path, *, by: Identity, small_round: Any) -> list[str]:
    """The files that this identity can open under any context the round knows."""
    contexts = [
        small_round.one.context(a, b)
        for a in (*small_round.submissions, "pairs")
        for b in (*(k.name for k in small_round.schema.match_keys), "records")
    ]
    out = []
    for path in files(folder):
        for context in contexts:
            try:
                open_sealed(path.read_bytes(), by=by, context=context)
                out.append(path.name)
            except BadSeal:
                continue
    return out


def token_values(tables: dict[str, dict[str, PassTable]], key: str) -> set[int]:
    lanes = [lane for t in tables[key].values() for n, lane in t.columns.items() if not n.endswith("_band")]
    return {int(v) for v in np.unique(np.concatenate(lanes))}


def test_the_small_round_links_what_there_is_to_link(small_round: Any, centre: Centre) -> None:
    """Without this, the promises below could be kept by doing nothing."""
    person: dict[bytes, int] = {}
    for partner, rows in small_round.rows.items():
        ids = rows["id"].to_numpy(dtype=object)
        for ref, row_id in zip(record_refs(ids, own=small_round.own[partner]), ids, strict=True):
            person[bytes(ref)] = int(row_id.partition("-")[2])
    truth = np.array([person[bytes(r)] for r in centre.linkage.records.record_ref])
    found = assess(
        centre.linkage.pairs, records=centre.linkage.records, truth=truth, link_type="link_only", threshold=0.9
    )
    assert centre.linkage.records.count == 160
    assert found["default"]["f1"] > 0.95


def test_no_value_that_the_linker_opens_occurs_in_two_passes(tables: dict[str, dict[str, PassTable]]) -> None:
    assert all(t.rows > 50 for by_partner in tables.values() for t in by_partner.values())
    for a, b in itertools.combinations(tables, 2):
        assert not token_values(tables, a) & token_values(tables, b)


def test_the_linker_opens_tokens_alone_neither_maps_nor_pairs(small_round: Any, centre: Centre) -> None:
    linker = small_round.people["linker"]
    assert len(openable(centre.doorstep.linker, by=linker, small_round=small_round)) == 8
    assert openable(centre.doorstep.assembler, by=linker, small_round=small_round) == []
    assert openable(centre.pairs, by=linker, small_round=small_round) == []


def test_the_assembler_opens_maps_and_pairs_alone_and_no_tokens(small_round: Any, centre: Centre) -> None:
    assembler = small_round.people["assembler"]
    assert openable(centre.doorstep.linker, by=assembler, small_round=small_round) == []
    assert len(openable(centre.doorstep.assembler, by=assembler, small_round=small_round)) == 10
    assert len(openable(centre.pairs, by=assembler, small_round=small_round)) == 4


def test_what_the_assembler_opens_holds_no_token(
    small_round: Any, centre: Centre, tables: dict[str, dict[str, PassTable]]
) -> None:
    assembler = small_round.people["assembler"]
    blob = b""
    for partner in small_round.submissions:
        for path in files(centre.doorstep.assembler / partner):
            if path.name.endswith(".map.sealed"):
                key = path.name.removesuffix(".map.sealed")
                blob += open_sealed(
                    path.read_bytes(), by=assembler, context=small_round.one.context(partner, key)
                )
    blob += (centre.pairs / RUN_NAME).read_bytes()
    for path in (p for p in files(centre.pairs) if p.name != RUN_NAME):
        key = path.name.removesuffix(".pairs.sealed")
        table = open_pairs(path.read_bytes(), key=key, one=small_round.one, assembler=assembler)
        assert table.column_names == [
            "source_l", "row_ref_l", "source_r", "row_ref_r", "match_weight", "match_probability", "conflicts",
        ]  # fmt: skip
        blob += b"".join(
            np.ascontiguousarray(table.column(n).to_numpy()).tobytes() for n in table.column_names[1::2]
        )
    blob += write_spine(centre.linkage, secret=small_round.secret, meta={})
    held = {blob[at : at + 8] for at in range(len(blob) - 7)}
    references = 0
    for by_partner in tables.values():
        for table in by_partner.values():
            for name, lane in table.columns.items():
                values = {int(v).to_bytes(8, "little", signed=True) for v in lane}
                if name == "row_ref":
                    references += len(values & held)
                elif not name.endswith("_band"):
                    assert not values & held, name
    assert references > 500


def test_maps_of_two_passes_share_record_references_but_no_row_references(
    small_round: Any, centre: Centre
) -> None:
    assembler, one = small_round.people["assembler"], small_round.one
    path = centre.doorstep.assembler / "police"
    maps = [
        read_map(
            open_sealed((path / f"{k}.map.sealed").read_bytes(), by=assembler, context=one.context("police", k))
        )[0]
        for k in ("born-name", "postcode-day")
    ]
    assert not set(maps[0].row_ref.tolist()) & set(maps[1].row_ref.tolist())
    assert {bytes(r) for r in maps[0].record_ref} == {bytes(r) for r in maps[1].record_ref}


def test_no_disk_of_the_centre_holds_a_value_or_a_record_id_or_a_secret(
    small_round: Any, centre: Centre
) -> None:
    words = {"forename", "surname"}
    values = {
        v
        for rows in small_round.rows.values()
        for c in rows.columns
        if c not in words
        for v in rows[c].dropna()
    }
    values |= {v.upper() for v in values} | {"excluded-yes", "custody-no"}
    values |= {v for rows in small_round.rows.values() for c in words for v in rows[c] if len(v) > 4}
    values -= {"M", "F"}
    secrets = [s.expose() for s in (small_round.secret, *small_round.own.values())]
    secrets += [s.expose() for p in small_round.people.values() for s in p.seeds.values()]
    root = centre.pairs.parent
    for path in files(root):
        content = path.read_bytes()
        assert [v for v in values if v.encode() in content] == [], path.name
        assert not any(s in content or s.hex().encode() in content for s in secrets), path.name


def test_nothing_but_sealed_files_manifests_and_attributes_rests_at_the_centre(centre: Centre) -> None:
    kinds = {
        "manifest.note": f"{MANIFEST_FORMAT}\n".encode(),
        RUN_NAME: b"linkage-run/v2\n",
        "sealed": b"linkage-sealed/v1\nto ",
        "attributes.parquet": b"PARE",
    }
    for path in files(centre.pairs.parent):
        start = next(v for k, v in kinds.items() if path.name.endswith(k))
        assert path.read_bytes().startswith(start)


def test_pairs_of_an_earlier_run_do_not_come_into_a_later_one(
    small_round: Any, centre: Centre, tmp_path: Path
) -> None:
    (tmp_path / "pairs").mkdir()
    (tmp_path / "pairs" / "names-day.pairs.sealed").write_bytes(b"of an earlier run")
    run_linker(
        centre.doorstep.linker,
        out=tmp_path / "pairs",
        schema=small_round.schema,
        one=small_round.one,
        manifests=centre.manifests,
        linker=small_round.people["linker"],
        assembler=small_round.recipients.assembler,
        link_type="link_only",
    )
    assert {p.name for p in files(tmp_path / "pairs")} == {p.name for p in files(centre.pairs)}


def test_a_pair_that_names_an_unknown_row_or_partner_stops_the_assembler(
    small_round: Any, centre: Centre, tmp_path: Path
) -> None:
    for sources, saying in (
        (["police", "schools"], "does not know"),
        (["hospital", "schools"], "names a partner"),
    ):
        forged = pa.table(
            {
                "source_l": pa.array(sources[:1]).dictionary_encode(),
                "row_ref_l": pa.array([7], pa.int64()),
                "source_r": pa.array(sources[1:]).dictionary_encode(),
                "row_ref_r": pa.array([8], pa.int64()),
                "match_weight": [9.0],
                "match_probability": [0.99],
            }
        )
        sealed = seal_pairs(
            forged, key="born-name", one=small_round.one, assembler=small_round.recipients.assembler
        )
        name = "born-name.pairs.sealed"
        (tmp_path / name).write_bytes(sealed)
        run = Run(small_round.one, "0" * 64, submissions_of(centre.manifests), {name: sha256(sealed)})
        write_run(tmp_path, run=run, by=small_round.people["linker"])
        with pytest.raises(BadSubmission, match=saying):
            run_assembler(
                centre.doorstep.assembler,
                pairs=tmp_path,
                one=small_round.one,
                manifests=centre.manifests,
                assembler=small_round.people["assembler"],
                linker=small_round.people["linker"].public,
                threshold=0.9,
            )


def test_pairs_do_not_open_as_those_of_another_pass(small_round: Any, centre: Centre) -> None:
    sealed = (centre.pairs / "born-name.pairs.sealed").read_bytes()
    with pytest.raises(BadSeal):
        open_pairs(sealed, key="house-year", one=small_round.one, assembler=small_round.people["assembler"])


def assemble(small_round: Any, centre: Centre, pairs: Path, **changes: Any) -> Linkage:
    about: dict[str, Any] = {
        "pairs": pairs,
        "one": small_round.one,
        "manifests": centre.manifests,
        "assembler": small_round.people["assembler"],
        "linker": small_round.people["linker"].public,
        "threshold": 0.9,
    }
    return run_assembler(centre.doorstep.assembler, **(about | changes))


def test_a_finished_run_is_assembled_again_to_the_same_people(small_round: Any, centre: Centre) -> None:
    again = assemble(small_round, centre, centre.pairs, threshold=centre.model.threshold)
    assert (again.person == centre.linkage.person).all()


def test_pairs_that_anybody_else_sealed_or_signed_are_not_taken(
    small_round: Any, centre: Centre, tmp_path: Path
) -> None:
    pairs = tmp_path / "pairs"
    shutil.copytree(centre.pairs, pairs)
    name = "born-name.pairs.sealed"
    table = open_pairs(
        (pairs / name).read_bytes(),
        key="born-name",
        one=small_round.one,
        assembler=small_round.people["assembler"],
    )
    other = seal_pairs(
        table.slice(0, 1), key="born-name", one=small_round.one, assembler=small_round.recipients.assembler
    )
    (pairs / name).write_bytes(other)
    with pytest.raises(BadSubmission, match="altered since the linker signed"):
        assemble(small_round, centre, pairs)
    run = read_run(
        centre.pairs,
        one=small_round.one,
        manifests=centre.manifests,
        linker=small_round.people["linker"].public,
    )
    forged = dataclasses.replace(run, files={**run.files, name: sha256(other)})
    write_run(pairs, run=forged, by=small_round.people["assembler"])
    with pytest.raises(BadSubmission, match="not signed by the linker"):
        assemble(small_round, centre, pairs)


def test_an_unfinished_run_or_one_of_other_submissions_is_not_assembled(
    small_round: Any, centre: Centre, tmp_path: Path
) -> None:
    pairs = tmp_path / "pairs"
    shutil.copytree(centre.pairs, pairs)
    (pairs / "born-name.pairs.sealed").unlink()
    with pytest.raises(BadSubmission, match="missing"):
        assemble(small_round, centre, pairs)
    (pairs / RUN_NAME).unlink()
    with pytest.raises(BadSubmission, match="not finished"):
        assemble(small_round, centre, pairs)
    run = read_run(
        centre.pairs,
        one=small_round.one,
        manifests=centre.manifests,
        linker=small_round.people["linker"].public,
    )
    for changed, saying in (
        ({"submissions": {**run.submissions, "police": "0" * 64}}, "other submissions"),
        ({"round": dataclasses.replace(run.round, epoch=run.round.epoch + 1)}, "another project, epoch"),
    ):
        write_run(pairs, run=dataclasses.replace(run, **changed), by=small_round.people["linker"])
        with pytest.raises(BadSubmission, match=saying):
            assemble(small_round, centre, pairs)
