"""What the centre refuses of an update, and what the officer's own machine refuses before it: only what follows the last submission, as it was sealed."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from keys import Identity, Secret
from linkage.central.assemble import open_maps
from linkage.central.receive import withdraw
from linkage.errors import BadInput, BadSubmission
from linkage.manifest import RECORDS, Round
from linkage.partner.ledger.folder import LedgerFolder
from linkage.partner.ledger.ledger import Ledger
from linkage.partner.ledger.withdrawal import seal_withdrawal
from linkage.partner.submission import Terms
from linkage.partner.tokenise import record_refs
from tests.fixtures_updates import NOW, Round1, file_of, mapping, opened, read_one


def test_only_the_update_that_follows_the_latest_submission_comes_in(at_home: Round1) -> None:
    rows = file_of("police")
    whole = at_home.root / "police" / "whole"
    one = at_home.update(rows.iloc[10:], "police", "one").submission
    two = at_home.update(rows.iloc[20:], "police", "two").submission
    base = read_one(at_home).submission
    here = files_of(at_home.root)

    def refused(folder: Path, saying: str) -> None:
        with pytest.raises(BadSubmission, match=saying):
            at_home.take_in(folder)
        assert files_of(at_home.root) == here

    refused(two.folder, f"follows {one.manifest.submission}; the latest of police here is {base}")
    refused(whole, "is here already: withdraw it first")
    at_home.take_in(one.folder)
    here = files_of(at_home.root)
    refused(one.folder, f"{one.manifest.submission} is here already: an update comes in once")
    at_home.take_in(two.folder)
    here = files_of(at_home.root)
    refused(one.folder, "is here already")
    refused(two.folder, "is here already")
    withdraw("police", doorstep=at_home.doorstep)
    assert not any(
        p.is_file() for place in ("linker", "assembler", "desk") for p in (at_home.root / place).rglob("*")
    )
    here = files_of(at_home.root)
    refused(one.folder, f"nothing of police is here: take in {base} first")
    at_home.take_in(whole)
    at_home.take_in(one.folder)


def files_of(root: Path) -> dict[str, bytes]:
    """Every file at the centre, hidden ones too."""
    places = ("linker", "assembler", "desk")
    return {str(p): p.read_bytes() for place in places for p in (root / place).rglob("*") if p.is_file()}


def test_an_update_that_was_altered_at_the_centre_is_not_linked(at_home: Round1) -> None:
    for out, some in (("one", slice(10, None)), ("two", slice(20, None))):
        at_home.take_in(at_home.update(file_of("police").iloc[some], "police", out).submission.folder)
    inbox = at_home.doorstep.linker
    chain = inbox / "police"

    def refused(saying: str) -> None:
        with pytest.raises(BadSubmission, match=saying):
            opened(at_home, inbox, at_home.doorstep.assembler)

    opened(at_home, inbox, at_home.doorstep.assembler)
    (chain / "update-0001").rename(chain / "held")
    refused("follows")
    (chain / "held").rename(chain / "update-0001")
    (chain / "update-0001").rename(chain / "update-0003")
    refused("follows")
    (chain / "update-0003").rename(chain / "update-0001")
    gone = chain / "update-0002" / "born-name.gone.sealed"
    content = gone.read_bytes()
    gone.write_bytes((chain / "update-0001" / "born-name.gone.sealed").read_bytes())
    refused("is not the file of its manifest")
    gone.write_bytes(content)
    shutil.copytree(chain / "update-0002", chain / "update-0003")
    refused("follows")


def forged(made: Round1, rows: list[str], change: Callable[[Ledger], Ledger]) -> Path:
    """A withdrawal of these records as an officer would make it whose ledger says something else than what was sent."""
    office, out = made.office("police"), made.root / "police" / "forged"
    folder = LedgerFolder(
        made.root / "police" / "ledger", officer=office.officer, one=made.one, partner="police"
    )
    one = mapping("police")
    with folder.opened() as ledgers:
        seal_withdrawal(
            change(ledgers.latest()), refs=record_refs(rows, own=office.own),
            terms=Terms(made.one, office.secret, "police", one.attribute_gateways, one.token_gateway, NOW),
            schema=made.schema, signer=office.officer, recipients=office.recipients, folder=out, ledgers=ledgers,
        )  # fmt: skip
    return out


def test_an_update_that_takes_back_what_was_never_sent_is_not_linked(at_home: Round1) -> None:
    def other_rows(ledger: Ledger) -> Ledger:
        return replace(ledger, passes={k: replace(p, row_ref=p.row_ref + 1) for k, p in ledger.passes.items()})

    at_home.take_in(forged(at_home, ["0001-police"], other_rows))
    with pytest.raises(BadSubmission, match="takes back rows of born-name that are not there"):
        opened(at_home, at_home.doorstep.linker, at_home.doorstep.assembler)


def test_an_update_that_takes_back_records_that_were_never_sent_is_not_assembled(at_home: Round1) -> None:
    never = record_refs(["never sent"], own=at_home.own["police"])

    def other_records(ledger: Ledger) -> Ledger:
        refs = ledger.refs.copy()
        refs[0] = never[0]
        rows = {k: replace(p, record=np.ones_like(p.record)) for k, p in ledger.passes.items()}
        return replace(ledger, refs=refs, passes=rows)

    at_home.take_in(forged(at_home, ["never sent"], other_records))
    with pytest.raises(BadSubmission, match="takes back records that are not there"):
        opened(at_home, at_home.doorstep.linker, at_home.doorstep.assembler)


def test_an_update_that_brings_what_is_there_already_is_not_linked(at_home: Round1) -> None:
    """As when a ledger forgot records: they are sent again, and nothing is taken back."""
    office = at_home.office("police")
    folder = LedgerFolder(
        at_home.root / "police" / "ledger", officer=office.officer, one=at_home.one, partner="police"
    )
    with folder.opened() as ledgers:
        ledger = ledgers.latest()
        nothing = {
            k: replace(p, row_ref=p.row_ref[:0], record=p.record[:0], bands=p.bands[:0])
            for k, p in ledger.passes.items()
        }
        few = {n: getattr(ledger, n)[:0] for n in ("refs", "values", "attributes")}
        ledgers.wait(replace(ledger, passes=nothing, **few), out=at_home.root / "police" / "whole")
        ledgers.keep(ledger.manifest.submission)
    at_home.take_in(at_home.update(file_of("police"), "police", "again").submission.folder)
    with pytest.raises(BadSubmission, match="brings rows of born-name that are there already"):
        opened(at_home, at_home.doorstep.linker, at_home.doorstep.assembler)
    with pytest.raises(BadSubmission, match="brings records that are there already"):
        open_maps(
            [RECORDS], inbox=at_home.doorstep.assembler, manifests=at_home.manifests(at_home.doorstep.assembler),
            one=at_home.one, assembler=at_home.people["assembler"],
        )  # fmt: skip


def test_an_officer_goes_back_to_the_submission_that_the_centre_has(at_home: Round1) -> None:
    rows = file_of("police")
    base = read_one(at_home).submission
    at_home.update(rows.iloc[10:], "police", "lost")
    again = at_home.update(rows.iloc[20:], "police", "again", after=base)
    at_home.take_in(again.submission.folder)
    assert again.gone == 20
    with pytest.raises(BadInput, match="holds no ledger of police-3-000000000000; it has"):
        at_home.update(rows, "police", "other", after="police-3-000000000000")


def test_an_update_needs_the_ledger_secrets_and_gateways_of_the_submission_before(at_home: Round1) -> None:
    rows = file_of("police")
    office = at_home.office("police")
    other = Secret(b"o" * 32, name="other")
    stranger = Identity.make("stranger", randomness=np.random.default_rng(8).bytes)
    schemas = replace(office, one=Round("safer-streets", 3, "0" * 64))
    for changes, saying in (
        ({"ledger": at_home.root / "empty"}, "holds no ledger of this round"),
        ({"office": replace(office, own=other)}, "another own secret"),
        ({"office": replace(office, secret=other)}, "another project secret"),
        ({"office": replace(office, officer=stranger)}, "does not open here"),
        ({"office": schemas}, "does not open here"),
        (
            {"using": mapping("police").model_copy(update={"token_gateway": "another"})},
            "other attributes or gateways",
        ),
    ):
        with pytest.raises(BadInput, match=saying):
            at_home.update(rows, "police", "refused", **changes)
        assert not list((at_home.root / "police").glob("*refused*"))
