"""The demonstration's agencies submit, and linker and assembler form people, each a process of its own."""

import os
import subprocess
import sys

from keys import Identity
from linkage.central.assemble import Linkage, run_assembler
from linkage.central.receive import Doorstep, read_manifests, receive
from linkage.central.report.own_line import fit_for
from linkage.errors import BadInput
from linkage.manifest import Manifest, Round
from linkage.people import World
from service.centre.linker import MODEL_FILE
from service.custody.rounds import Rounds
from service.demonstration.cast import EPOCH, HOST_KIND, NOW, PURPOSE, Cast, Randomness
from service.demonstration.stage import Say, digest_of, event, export_agency, own_secret
from service.desk.gates import objections
from service.officer.intake import Export
from service.officer.mapping_file import read_mapping
from service.officer.office import Office, recipients_of
from service.officer.sending import submit
from service.places import IDENTITY_FILE, Places
from service.release import SPINE_FILE, Desk
from service.shared import read_project


def submit_all(
    places: Places, *, world: World, one: Round, randomness: Randomness, desk: Desk, say: Say
) -> None:
    """Every agency has made its submission, and the desk has received it."""
    project = read_project(places.shared)
    verified = desk.verified()
    rounds = Rounds.read(places.shared, trust=project.trust, now=NOW)
    doorstep = Doorstep(places.linker / "inbox", places.assembler / "inbox", places.centre / "desk")

    def object_to(manifest: Manifest) -> list[str]:
        against = objections(manifest, facts=verified.facts, purpose=PURPOSE, recipient=HOST_KIND, now=NOW)
        return [*rounds.objections(manifest.round.epoch, now=NOW, key_check=manifest.key_check), *against]

    for agency in world.agencies:
        home = places.agency(agency.name)
        export = export_agency(agency, home, verified.facts)
        office = Office(
            officer=Identity.load(home / IDENTITY_FILE), secret=own_secret(home / "project.secret"), own=own_secret(home / "own.secret"),
            one=one, schema=project.schema, recipients=recipients_of(project.trust, at=NOW),
        )  # fmt: skip
        made = submit(
            Export.of(
                export, read_mapping(home / "mapping.yaml"), lists=home, catalogue=verified.facts.catalogue
            ),
            office=office,
            out=home / "submission",
            now=NOW,
            randomness=randomness,
        )
        sent, read = made.submission, made.report
        received = receive(
            sent.folder,
            trust=project.trust,
            one=one,
            doorstep=doorstep,
            signer=desk.identity,
            now=NOW,
            object_to=object_to,
        )
        (home / "receipt.note").write_text(received.receipt, encoding="utf-8")
        desk.state.record(
            event(
                "submission-received", "desk/1", submission=sent.manifest.submission, partner=agency.name, manifest_digest=sent.manifest.digest,
                schema_digest=one.schema_digest, attributes=len(sent.manifest.attributes), epoch=EPOCH,
            )
        )  # fmt: skip
        invalid = sum(i.invalid for i in read.identifiers)
        size = sum(f.size for f in sent.manifest.files) / 1e6
        say(
            f"     {agency.title:<28}{read.read:>7,} records, {invalid:>4,} invalid values, {len(sent.manifest.files)} sealed files of {size:.0f} MB"
        )


def _own_process(*words: str) -> str:
    """What a command printed that ran as a process of its own, with its folder as its only argument besides the shared one.

    `-P` keeps the working directory off the module path: a stranger's `cli.py` that lies there is not run.
    """
    run = subprocess.run(  # noqa: S603  our own program, fixed words
        [sys.executable, "-P", "-m", "cli", *words], capture_output=True, text=True, check=False, env=os.environ
    )
    if run.returncode != 0:
        raise BadInput(f"{' '.join(words[:2])} failed: {run.stderr.strip()}")
    return run.stdout.strip()


def link_all(places: Places, *, cast: Cast, one: Round, desk: Desk, say: Say) -> Linkage:
    """Linker and assembler have run, and the sealed spine lies at the centre."""
    shared = str(places.shared)
    say(
        "     linker:    "
        + _own_process(
            "centre",
            "link",
            str(places.linker),
            "--shared",
            shared,
            "--out",
            str(places.assembler / "pairs"),
            "--at",
            NOW.isoformat(),
        )
    )
    say(
        "     assembler: "
        + _own_process(
            "centre",
            "assemble",
            str(places.assembler),
            "--shared",
            shared,
            "--out",
            str(places.centre / SPINE_FILE),
        )
    )
    # The demonstration looks over the assembler's shoulder to compare with the truth; in earnest nobody can.
    project = read_project(places.shared)
    manifests = read_manifests(places.assembler / "inbox", trust=project.trust, one=one, now=NOW)
    linkage = run_assembler(
        places.assembler / "inbox", pairs=places.assembler / "pairs", one=one, manifests=manifests,
        assembler=cast.people["assembler/1"], linker=cast.people["linker/1"].public,
        fit=fit_for(project.schema.most_people_per_key),
    )  # fmt: skip
    desk.state.record(
        event(
            "linkage-run",
            "linker/1",
            linkage=f"linkage-{EPOCH}",
            schema_digest=one.schema_digest,
            model_digest=digest_of(places.linker / MODEL_FILE),
            submissions=",".join(m.submission for m in manifests),
        )
    )
    desk.state.record(
        event(
            "people-formed",
            "assembler/1",
            linkage=f"linkage-{EPOCH}",
            people=linkage.people,
            records=linkage.records.count,
        )
    )
    return linkage
