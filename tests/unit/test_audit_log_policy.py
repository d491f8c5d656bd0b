"""The policy of a log's witnesses: read as C2SP tlog-policy has it, refused in every other form, and kept by what was cosigned."""

import pytest

from ethics.errors import BadDocument, QuorumMissed
from ethics.log_policy import (
    LOG_POLICY_KIND,
    draft_log_policy,
    log_vkey,
    parse_log_policy,
    read_log_policy,
    witness_vkey,
)
from ethics.roles import LogKeys
from keys import BadSignature, Identity, NotTrusted, Root, sign_note
from keys.notes import add_signature

LOG = Identity.make("log/demo")
NAMES = ("police/witness", "probation/witness", "nhs/witness", "schools/witness", "council/witness")
WATCH = {name: Identity.make(name) for name in NAMES}
KEYS = LogKeys(LOG.public, tuple(one.public for one in WATCH.values()))
HEAD = [
    LOG_POLICY_KIND,
    f"log {log_vkey(LOG.public)}",
    *(f"witness {n.partition('/')[0]} {witness_vkey(one.public)}" for n, one in WATCH.items()),
]
GROUPS = [
    "group enforcing 2 police probation",
    "group helping any nhs schools council",
    "",
    "\t # both sides",
    "group both all enforcing helping",
]


def policy(*lines: str) -> str:
    return "\n".join([*HEAD, *lines]) + "\n"


@pytest.mark.parametrize(
    ("cosigned", "enough"),
    [
        ("police probation nhs", True),
        ("police probation council", True),
        ("police probation", False),
        ("police nhs schools council", False),
        ("", False),
        ("police probation nhs schools council", True),
    ],
)
def test_groups_within_groups_are_counted_as_they_are_written(cosigned: str, enough: bool) -> None:
    found = parse_log_policy(policy(*GROUPS, "quorum both"))
    names = {f"{name}/witness" for name in cosigned.split()}
    if enough:
        found.check_cosigned(names)
    else:
        with pytest.raises(
            QuorumMissed, match=r"2 of \(2 of \(police, probation\), 1 of \(nhs, schools, council\)\)"
        ):
            found.check_cosigned(names)


def test_a_quorum_can_be_one_witness_or_nobody() -> None:
    one = parse_log_policy(policy("quorum nhs"))
    one.check_cosigned({"nhs/witness"})
    with pytest.raises(QuorumMissed):
        one.check_cosigned({"police/witness"})
    parse_log_policy(policy("quorum none")).check_cosigned(set())


def test_the_draft_of_a_policy_asks_for_so_many_of_all() -> None:
    found = parse_log_policy(draft_log_policy(KEYS, needed=3))
    found.check_keys(KEYS)
    found.check_cosigned(NAMES[:3])
    with pytest.raises(QuorumMissed):
        found.check_cosigned(NAMES[:2])
    parse_log_policy(draft_log_policy(KEYS, needed=0)).check_cosigned(())
    with pytest.raises(BadDocument, match="5 witnesses"):
        draft_log_policy(KEYS, needed=6)


OTHER = Identity.make("log/other").public


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("quorum nobody-known",),
        ("quorum nhs", "quorum nhs"),
        ("quorum",),
        ("group g 2 police", "quorum g"),
        ("group g 0 police", "quorum g"),
        ("group g 01 police", "quorum g"),
        ("group g some police", "quorum g"),
        ("group g any", "quorum g"),
        ("group g any police police", "quorum g"),
        ("group g any later", "group later any nhs", "quorum g"),
        ("group g any police", "group h any police", "quorum g"),
        ("group police any nhs", "quorum police"),
        ("group none any nhs", "quorum none"),
        ("group g any none", "quorum g"),
        (f"witness nhs2 {witness_vkey(WATCH['nhs/witness'].public)}", "quorum nhs"),
        (f"witness x {log_vkey(OTHER)}", "quorum nhs"),
        (f"log {witness_vkey(OTHER)}", "quorum nhs"),
        (f"log {log_vkey(LOG.public)}", "quorum nhs"),
        (f"log {log_vkey(OTHER).replace('log/other', 'log/else')}", "quorum nhs"),
        ("log log/x+00000000+AAAA", "quorum nhs"),
        ("log nonsense", "quorum nhs"),
        ("Quorum nhs",),
        ("delegate nhs", "quorum nhs"),
        ("quorum\u00a0nhs",),
        ("group g any police\u2003nhs", "quorum g"),
    ],
)
def test_a_policy_in_any_other_form_is_refused(lines: tuple[str, ...]) -> None:
    with pytest.raises(BadDocument):
        parse_log_policy(policy(*lines))


def test_a_policy_says_in_its_first_line_what_it_is() -> None:
    with pytest.raises(BadDocument, match="starts with"):
        parse_log_policy("\n".join([*HEAD[1:], "quorum nhs"]) + "\n")


def test_a_policy_of_other_keys_than_the_register_has_is_refused() -> None:
    found = parse_log_policy(policy("quorum nhs"))
    found.check_keys(KEYS)
    with pytest.raises(NotTrusted, match="nhs"):
        found.check_keys(LogKeys(LOG.public, tuple(one for one in KEYS.witnesses if one.name != "nhs/witness")))
    with pytest.raises(NotTrusted, match="log/demo"):
        found.check_keys(LogKeys(Identity.make("log/demo").public, KEYS.witnesses))


def test_a_policy_counts_when_a_quorum_of_the_root_signed_it() -> None:
    holders = [Identity.make(f"root/{n}") for n in (1, 2, 3)]
    root = Root(tuple(one.public for one in holders), 2)
    note = sign_note(policy("quorum nhs"), by=holders[0])
    with pytest.raises(BadSignature, match="1 of the root's 3"):
        read_log_policy(note, root=root)
    both = add_signature(note, by=holders[1])
    assert read_log_policy(both, root=root).quorum == "nhs"
    with pytest.raises(BadSignature):
        read_log_policy(both.replace("quorum nhs", "quorum none"), root=root)
