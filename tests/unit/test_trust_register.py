"""The next version of the trust register: what a draft may change, how it is told, and what a root may be."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from keys import BadSignature, Identity, Root, TrustRegister
from keys.notes import add_signature, sign_note
from keys.trust import TRUST_FORMAT, Entry, issue_register, parse_register, read_register, register_text
from linkage.errors import BadInput
from service.demonstration.cast import Randomness, make_cast
from service.trust.draft import ROLES, Addition, Changes, Ending, amended, differences, to_mind, words

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=30)
PEOPLE = {
    name: Identity.make(name, randomness=np.random.default_rng([31, at]).bytes)
    for at, name in enumerate(("root/1", "root/2", "root/3", "ann", "ben", "cat"))
}
ROOTS = tuple(PEOPLE[f"root/{n}"] for n in (1, 2, 3))
ROOT = Root(tuple(one.public for one in ROOTS), 2)


def entry(name: str, role: str, **more: datetime) -> Entry:
    return Entry(PEOPLE[name].public, "centre", frozenset({role}), more.get("since", NOW), more.get("until"))


BEFORE = (entry("ann", "linker"), entry("ben", "board-member"))


def after(**changes: object) -> tuple[Entry, ...]:
    return amended(BEFORE, changes=Changes(**changes), root=ROOT, now=LATER)  # type: ignore[arg-type]


def told(entries: tuple[Entry, ...], *, before: tuple[Entry, ...] = BEFORE) -> list[str]:
    return differences(TrustRegister("p", 1, before), TrustRegister("p", 2, entries))


# --- a draft -------------------------------------------------------------------------------------------------------------------


def test_who_is_added_holds_its_roles_from_the_moment_of_the_draft_unless_another_is_named() -> None:
    for since, begins in ((None, LATER), (NOW, NOW)):
        new = Addition(PEOPLE["cat"].public, "police", frozenset({"analyst", "witness"}), since)
        found = after(additions=(new,))
        assert found == (*BEFORE, Entry(new.identity, "police", new.roles, begins))
    (sentence,) = told(found)
    assert sentence.startswith("cat of police (analyst, witness) is new, from 2026-11-22 10:00 UTC; its keys")
    assert words(new.identity) in sentence


def test_who_ends_holds_its_roles_until_then_and_the_sentence_says_what_still_counts() -> None:
    found = after(endings=(Ending("ann"), Ending("ben", NOW)))
    assert [e.until for e in found] == [LATER, NOW]
    of_ann, of_ben = told(found)
    assert "ann of centre (linker) ends at 2026-12-22 10:00 UTC" in of_ann
    assert "count by the date in them" not in of_ann
    assert "count by the date in them, so take it out with --remove if its key may be in other hands" in of_ben
    (again,) = told((BEFORE[0], found[1]), before=found)
    assert "does not end any more instead of 2026-12-22" in again


def test_new_keys_under_a_name_are_told_apart_from_new_keys_for_seals_alone() -> None:
    other = Identity.make("ann", randomness=np.random.default_rng(77).bytes).public
    seals = replace(other, ed25519=PEOPLE["ann"].public.ed25519)
    assert "nothing that the old ones signed counts any more" in told(after(replacements=(other,)))[0]
    (sentence,) = told(after(replacements=(seals,)))
    assert "new keys for what is sealed to it; its signatures count as before" in sentence
    assert words(seals) in sentence


def test_who_is_removed_can_be_added_with_other_roles_in_the_same_draft() -> None:
    assert told(after(removals=("ben",))) == [
        "ben of centre (board-member) is taken out: nothing that it signed counts any more, whenever it was signed."
    ]
    again = Addition(PEOPLE["ben"].public, "centre", frozenset({"analyst"}), NOW)
    assert told(after(removals=("ben",), additions=(again,))) == [
        "ben of centre (board-member) becomes ben of centre (analyst)."
    ]


@pytest.mark.parametrize(
    ("changes", "saying"),
    [
        ({"removals": ("dan",)}, "dan is not in the register"),
        ({"endings": (Ending("dan"),)}, "dan is not in the register"),
        ({"replacements": (PEOPLE["cat"].public,)}, "cat is not in the register"),
        ({"endings": (Ending("ann", NOW - timedelta(days=1)),)}, "ann would end before it begins"),
        (
            {"additions": (Addition(PEOPLE["ann"].public, "x", frozenset({"analyst"})),)},
            "in the register already",
        ),
        (
            {"additions": (Addition(PEOPLE["cat"].public, "x", frozenset({"boss"})),)},
            "no program knows the role boss",
        ),
        ({"additions": (Addition(PEOPLE["cat"].public, "x", frozenset()),)}, "at least one role"),
        ({"additions": (Addition(PEOPLE["cat"].public, " ", frozenset({"analyst"})),)}, "an organisation"),
        (
            {"additions": (Addition(replace(PEOPLE["ann"].public, name="cat"), "x", frozenset({"analyst"})),)},
            "cat has the name or the key of ann",
        ),
        (
            {
                "additions": (
                    Addition(replace(PEOPLE["root/3"].public, name="cat"), "x", frozenset({"analyst"})),
                )
            },
            "cat has the name or the key of root/3",
        ),
        (
            {"additions": (Addition(PEOPLE["root/3"].public, "x", frozenset({"analyst"})),)},
            "none of the root's",
        ),
    ],
)
def test_a_change_that_cannot_be_is_refused(changes: dict[str, object], saying: str) -> None:
    with pytest.raises(BadInput, match=saying):
        after(**changes)


def test_a_draft_takes_every_role_that_the_demonstration_gives() -> None:
    cast = make_cast(partners=("police",), board=("board/1",), randomness=Randomness(1))
    assert {role for one in cast.entries for role in one.roles} <= ROLES.keys()


def test_what_would_not_work_is_said() -> None:
    both = (*BEFORE, entry("cat", "linker", since=NOW))
    said = to_mind(TrustRegister("p", 1, both), at=NOW)
    assert said[0].startswith("Mind: 2 hold the role linker at 2026-11-22 10:00 UTC")
    assert [line.split()[1] for line in said] == ["2", "0", "0"]
    served = (entry("ann", "linker"), entry("ben", "assembler"), entry("cat", "audit-log"))
    assert to_mind(TrustRegister("p", 1, served), at=NOW) == []


# --- the register --------------------------------------------------------------------------------------------------------------


def issued(*roots: Identity, version: int = 1, previous: str | None = None) -> str:
    return issue_register(BEFORE, project="p", version=version, issued_at=NOW, previous=previous, roots=roots)


def test_a_quorum_of_different_keys_of_the_root_makes_a_register() -> None:
    for pair in ((0, 1), (0, 2), (1, 2), (2, 0)):
        assert read_register(issued(*(ROOTS[at] for at in pair)), root=ROOT).entries == BEFORE
    assert read_register(issued(*ROOTS), root=ROOT).version == 1


def test_one_key_is_one_holder_however_often_and_under_whatever_name_it_signed() -> None:
    once = issued(ROOTS[0])
    line = once.rpartition("\n\n")[2]
    stranger = sign_note(once.rpartition("\n\n")[0] + "\n", by=PEOPLE["cat"]).rpartition("\n\n")[2]
    renamed = Identity("root/2", ROOTS[0].seeds)
    for note in (once, once + line, once + line * 50, once + stranger, add_signature(once, by=renamed)):
        with pytest.raises(BadSignature, match="signed by 1 of the root's 3 keys, and 2 must sign"):
            read_register(note, root=ROOT)


def test_a_later_version_names_the_one_before_it_by_its_text_without_signatures() -> None:
    first = parse_register(issued(ROOTS[0]).rpartition("\n\n")[0] + "\n")
    assert first.digest == read_register(issued(*ROOTS), root=ROOT).digest
    second = read_register(issued(*ROOTS, version=2, previous=first.digest), root=ROOT)
    assert second.previous == first.digest != second.digest


def test_a_text_that_says_more_than_it_is_read_for_is_no_register() -> None:
    text = register_text(BEFORE, project="p", version=1, issued_at=NOW, previous=None)
    assert parse_register(text).entries == BEFORE
    for other in (
        text.replace('"version": 1', '"version":  1'),
        text.replace('"version": 1', '"version": 1.0'),
        text.replace('"project": "p",', '"project": "p",\n "quorum": 1,'),
        text.replace(TRUST_FORMAT, "linkage-trust/v1"),
        text.replace("{", "[", 1),
        TRUST_FORMAT + "\n" + "[" * 100_000 + "\n",
    ):
        assert other != text
        with pytest.raises(BadSignature):
            parse_register(other)


# --- the root ------------------------------------------------------------------------------------------------------------------


def test_a_root_survives_its_journey_and_has_one_digest_in_whatever_order_its_keys_stand() -> None:
    assert Root.from_json(ROOT.to_json()) == ROOT
    turned = Root(ROOT.keys[::-1], 2)
    assert turned.digest == ROOT.digest
    fewer = Root(ROOT.keys[:2], 2)
    others = [Root(ROOT.keys, 1), Root(ROOT.keys, 3), fewer]
    others.append(Root((replace(ROOT.keys[0], x25519=ROOT.keys[1].x25519), *ROOT.keys[1:]), 2))
    assert len({one.digest for one in (ROOT, *others)}) == 5


@pytest.mark.parametrize(
    ("keys", "quorum"),
    [
        ((), 1),
        (ROOT.keys, 0),
        (ROOT.keys, 4),
        (ROOT.keys, True),
        ((*ROOT.keys, ROOT.keys[0]), 2),
        ((ROOT.keys[0], replace(ROOT.keys[0], name="root/9")), 2),
        ((ROOT.keys[0], replace(ROOT.keys[1], name="root/1")), 2),
    ],
)
def test_a_root_whose_quorum_cannot_be_met_by_as_many_holders_is_none(
    keys: tuple[object, ...], quorum: int
) -> None:
    with pytest.raises(ValueError, match=r"root"):
        Root(keys, quorum)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change", [{"format": "linkage-root/v2"}, {"more": 1}, {"quorum": "2"}, {"quorum": 2.0}, {"keys": []}]
)
def test_a_root_of_another_form_is_none(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"root"):
        Root.from_json({**ROOT.to_json(), **change})
