"""A project's shared folder with a board, a secretariat and two controllers, each with a folder of their own: for tests of the board's commands."""

import copy
import json
import shutil
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from ethics.board import read_constitution
from ethics.framework import the_framework
from ethics.standing import agree, standing_of
from keys import Identity, Root, sign_note
from keys.trust import Entry, issue_register
from linkage.manifest import Round
from linkage.schema import default_schema
from policies.load import load_policy
from service.demonstration.cast import HOST_KIND, PROJECT, PURPOSE, SINCE, evidence
from service.demonstration.stage import documents_of
from service.evidence import EVIDENCE_FORMAT, VOUCHED, digests_of
from service.places import IDENTITY_FILE
from service.shared import write_project, write_root

OFFICES = {
    "secretariat/1": ("centre", "secretariat"),
    "log/1": ("centre", "audit-log"),
    "analyst/vpp-1": ("vpp", "analyst"),
    "police/controller": ("police", "controller-approver"),
    "schools/controller": ("schools", "controller-approver"),
    "nhs/controller": ("nhs", "controller-approver"),
}
CASE = """\
case: linkage-case/v1
asks: Please recommend this policy. It lets analysts make protected tables about violence and early help.
benefit: Partners would see who needs help sooner. No name leaves an agency.
risks:
  - group: Young people known to the police
    harm: A table about one area could mark them out as trouble.
    care: Counts from 1 to 7 are hidden. Areas are large.
  - group: Families in small communities
    harm: Neighbours might guess who is meant.
    care: The board sees the list of areas each year.
contact: the secretariat
"""
PAIRS = (("policies", "catalogue.yaml"), ("policies", "gateways.yaml"), ("ethics", "board.yaml"))


class BoardProject:
    """The folders, and what each command answered."""

    def __init__(self, folder: Path, *, run: Any, decides_by: str = "proposals") -> None:
        self.folder, self.shared, self.root, self.run_words = (
            folder,
            folder / "shared",
            folder / "root.json",
            run,
        )
        self.shared.mkdir(parents=True)
        for package, name in PAIRS:
            text = (files(package) / "library" / name).read_text("utf-8")
            (self.shared / name).write_text(text, "utf-8")
        text = (self.shared / "board.yaml").read_text("utf-8")
        (self.shared / "board.yaml").write_text(
            text.replace("version: 1\n", f"version: 1\ndecides_by: {decides_by}\n", 1), "utf-8"
        )
        self.policy_text = (files("policies") / "library" / "framework.yaml").read_text("utf-8")
        (self.shared / "policy.yaml").write_text(self.policy_text, "utf-8")
        schema = default_schema()
        (self.shared / "schema.yaml").write_text(schema.text, "utf-8")
        one = Round(PROJECT, 1, schema.digest)
        write_project(self.shared, one=one, link_type="link_only", purpose=PURPOSE, recipient=HOST_KIND)
        self.members = [one.id for one in read_constitution(self.shared / "board.yaml").members]
        self.people = {name: Identity.make(name) for name in (*OFFICES, *self.members, "root/1")}
        for path in (self.root, self.shared / "root.json"):
            write_root(path, Root((self.people["root/1"].public,), 1))
        self.register()
        self.vouch()
        for name, identity in self.people.items():
            self.key(name).parent.mkdir(parents=True)
            identity.save(self.key(name))
        (folder / "case.yaml").write_text(CASE, "utf-8")
        self.agreed()

    def copied(self, to: Path) -> "BoardProject":
        """The same project in other folders, to be altered."""
        shutil.copytree(self.folder, to)
        other = copy.copy(self)
        other.folder, other.shared, other.root = to, to / "shared", to / "root.json"
        return other

    def register(self) -> None:
        roles = {**OFFICES, **dict.fromkeys(self.members, ("board", "board-member"))}
        entries = [
            Entry(self.people[name].public, organisation, frozenset({role}), SINCE)
            for name, (organisation, role) in roles.items()
        ]
        note = issue_register(
            entries, project=PROJECT, version=1, issued_at=SINCE, previous=None, roots=[self.people["root/1"]]
        )
        (self.shared / "trust.note").write_text(note, "utf-8")

    def agreed(self, *controllers: str) -> None:
        """These controllers, or two of the three, have agreed to constitution and framework."""
        folder = self.shared / "standing"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for document in (read_constitution(self.shared / "board.yaml"), the_framework()):
            for name in controllers or ("police/controller", "schools/controller"):
                standing = standing_of(document)
                note = agree(standing, by=self.people[name], at=datetime(2026, 3, 1, tzinfo=UTC))
                (folder / f"{standing.name}-{name.partition('/')[0]}.note").write_text(note, "utf-8")

    def vouch(self) -> None:
        """The secretariat signs the record of evidence for the documents as they lie there."""
        policy, facts = documents_of(self.shared)
        texts = {name: (self.shared / file).read_text("utf-8") for name, file in VOUCHED.items()}
        body = evidence(facts, clauses=tuple(c.id for c in policy.clauses), documents=digests_of(**texts))
        note = sign_note(f"{EVIDENCE_FORMAT}\n{body}", by=self.people["secretariat/1"])
        (self.shared / "evidence.note").write_text(note, "utf-8")

    def key(self, name: str) -> Path:
        return self.folder / name.replace("/", "-") / IDENTITY_FILE

    def draft(self, text: str | None = None, name: str = "draft.yaml") -> Path:
        path = self.folder / name
        path.write_text(self.policy_text if text is None else text, "utf-8")
        return path

    def second(self) -> Path:
        """A second version, in which evaluations may show maps."""
        text = self.policy_text.replace("version: 1\n", "version: 2\n", 1)
        text = text.replace("previous: none", f"previous: {load_policy(self.policy_text).digest}")
        forms = "forms: [flag-count, aggregate-table, rate-table, time-series, model-summary]"
        return self.draft(text.replace(forms, forms.replace("]", ", area-map]")), "second.yaml")

    def board(self, word: str, *words: object, by: str = "") -> Any:
        """What a command of the board answered."""
        mine = ("--identity", self.key(by)) if by else ()
        return self.run_words("board", word, *words, "--shared", self.shared, *mine)

    def well(self, word: str, *words: object, by: str = "") -> str:
        answer = self.board(word, *words, by=by)
        assert answer.code == 0, answer.err
        return str(answer.out)

    def status(self, *words: object) -> dict[str, Any]:
        """The only proposal, or the one named, as JSON tells it."""
        return dict(json.loads(self.well("status", "--json", *words))["proposals"][0])

    def propose(self, draft: Path | None = None, *, by: str = "analyst/vpp-1") -> str:
        return self.well("propose", draft or self.draft(), "--case", self.folder / "case.yaml", by=by)

    def circulate(self, *words: object, until: str = "2026-09-30") -> str:
        return self.well("circulate", "--until", until, *words, by="secretariat/1")

    def vote(
        self, member: str, verdict: str = "approve", *words: object, proposal: str = "tvvpp-ethical-framework-1"
    ) -> None:
        self.well("declare", "--no-conflict", "--proposal", proposal, by=member)
        self.well("vote", "--vote", verdict, "--proposal", proposal, *words, by=member)

    def adopt(self, partner: str, *, proposal: str = "tvvpp-ethical-framework-1", clauses: str = "all") -> Any:
        out = self.shared / "adoptions" / f"{partner}-{proposal[-1]}.note"
        out.parent.mkdir(exist_ok=True)
        mine = ("--identity", self.key(f"{partner}/controller"), "--shared", self.shared, "--out", out)
        answer = self.run_words("partner", "adopt", "--clauses", clauses, "--proposal", proposal, *mine)
        assert answer.code == 0, answer.err
        return answer


def day(month: int, number: int, hour: int = 9, year: int = 2026) -> datetime:
    return datetime(year, month, number, hour, tzinfo=UTC)
