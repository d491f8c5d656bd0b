"""Which witnesses must have cosigned a checkpoint before it counts: the log's policy, agreed by the root (C2SP tlog-policy).

Lines `log`, `witness`, `group` and `quorum` in that format, so that any tool of that family can use the file; its first line is a comment that
says what it is here. Groups can hold groups: two of the police side and two of the others, say.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from ethics.encoding import decimal, from_base64, to_base64
from ethics.errors import BadDocument, QuorumMissed
from ethics.roles import LogKeys
from ethics.witness import COSIGNATURE_TYPE, cosigner_key_id
from keys import NotTrusted, PublicIdentity, Root

LOG_POLICY_FORMAT: Final = "linkage-log-policy/v1"
LOG_POLICY_KIND: Final = f"# {LOG_POLICY_FORMAT}"
NOTE_TYPE: Final = b"\x01"
NOBODY: Final = "none"
MOST_LINES: Final = 200


@dataclass(frozen=True, slots=True)
class Group:
    """So many of these members, each a witness or an earlier group."""

    needed: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LogPolicy:
    """The vkeys of logs, those of witnesses by their names in the policy, the groups, and the name that is the quorum."""

    logs: tuple[str, ...]
    witnesses: Mapping[str, str]
    groups: Mapping[str, Group]
    quorum: str

    def check_keys(self, keys: LogKeys) -> None:
        """Returns if the log is among the policy's, and every witness of the policy is one of the register's.

        Raises:
            NotTrusted: one is another, so that policy and register are not of one time.
        """
        if log_vkey(keys.log) not in self.logs:
            raise NotTrusted(
                f"the log's policy does not name the key of {keys.log.name} that the trust register names: have the root sign a new policy"
            )
        known = {witness_vkey(one) for one in keys.witnesses}
        if strange := sorted(name for name, vkey in self.witnesses.items() if vkey not in known):
            raise NotTrusted(
                f"the log's policy names {strange[0]} with a key that no witness in the trust register has: have the root sign a new policy"
            )

    def check_cosigned(self, by: Collection[str]) -> None:
        """Returns if these witnesses (their identities' names) are enough.

        Raises:
            QuorumMissed: they are not; the message says what is missing.
        """
        names = {name for name, vkey in self.witnesses.items() if vkey.partition("+")[0] in by}
        if self.quorum != NOBODY and not self._stands(self.quorum, names):
            told = ", ".join(sorted(names)) or "nobody"
            raise QuorumMissed(f"the log's policy asks for {self.says}; cosigned by {told}")

    @property
    def says(self) -> str:
        """The quorum in words."""
        return "no witness" if self.quorum == NOBODY else self._said(self.quorum)

    def _stands(self, name: str, names: Collection[str]) -> bool:
        group = self.groups.get(name)
        if group is None:
            return name in names
        return sum(self._stands(member, names) for member in group.members) >= group.needed

    def _said(self, name: str) -> str:
        group = self.groups.get(name)
        return name if group is None else f"{group.needed} of ({', '.join(map(self._said, group.members))})"


def log_vkey(one: PublicIdentity) -> str:
    """A log's public key as one word (C2SP signed-note, verifier keys): name, key id, type byte and key."""
    return f"{one.name}+{one.key_hash.hex()}+{to_base64(NOTE_TYPE + one.ed25519)}"


def witness_vkey(one: PublicIdentity) -> str:
    """A witness's public key as one word; another type byte than a log's."""
    return f"{one.name}+{cosigner_key_id(one).hex()}+{to_base64(COSIGNATURE_TYPE + one.ed25519)}"


def draft_log_policy(keys: LogKeys, *, needed: int) -> str:
    """The text of a policy that asks for so many of all witnesses; to be edited, if groups are wanted, and signed by the root.

    Raises:
        BadDocument: there are not so many.
    """
    if not 0 <= needed <= len(keys.witnesses):
        raise BadDocument(f"the trust register names {len(keys.witnesses)} witnesses: ask for at most so many")
    lines = [LOG_POLICY_KIND, f"log {log_vkey(keys.log)}"]
    lines += [f"witness {one.name} {witness_vkey(one)}" for one in keys.witnesses]
    if needed:
        lines.append(f"group partners {needed} {' '.join(one.name for one in keys.witnesses)}")
    return "\n".join([*lines, f"quorum {'partners' if needed else NOBODY}"]) + "\n"


def read_log_policy(note: str, *, root: Root) -> LogPolicy:
    """The policy in a note that a quorum of the root signed.

    Raises:
        BadSignature: too few holders of the root signed it.
        BadDocument: it is signed but no policy.
    """
    return parse_log_policy(root.verify(note, kind=LOG_POLICY_KIND).text)


def parse_log_policy(text: str) -> LogPolicy:
    """The policy that a text states, signed or not.

    Raises:
        BadDocument: a line is not as the format has it; the message names the line.
    """
    lines = text.split("\n")
    if lines[0] != LOG_POLICY_KIND or len(lines) > MOST_LINES:
        raise BadDocument(
            f"a policy of witnesses starts with the line {LOG_POLICY_KIND} and has at most {MOST_LINES} lines"
        )
    found = _Found([], {}, {}, [], set())
    for number, line in enumerate(lines, 1):
        # Spaces and tabs alone divide words, as the format has it: to `split` other letters would be spaces too.
        words = line.replace("\t", " ").split(" ")
        words = [word for word in words if word]
        if words and not words[0].startswith("#"):
            try:
                found.take(words)
            except (ValueError, LookupError) as fault:
                raise BadDocument(f"line {number} of the policy of witnesses: {fault.args[0]}") from fault
    if len(found.quorum) != 1:
        raise BadDocument("a policy of witnesses has exactly one line quorum")
    return LogPolicy(
        tuple(found.logs), MappingProxyType(found.witnesses), MappingProxyType(found.groups), found.quorum[0]
    )


@dataclass(frozen=True, slots=True)
class _Found:
    logs: list[str]
    witnesses: dict[str, str]
    groups: dict[str, Group]
    quorum: list[str]
    used: set[str]

    def take(self, words: Sequence[str]) -> None:
        keyword, *rest = words
        takers = {"log": self._log, "witness": self._witness, "group": self._group, "quorum": self._quorum}
        if keyword not in takers:
            raise ValueError("it should start with log, witness, group or quorum")
        takers[keyword](rest)

    def _log(self, words: Sequence[str]) -> None:
        vkey, *_ = _some(words, least=1, most=2)
        _check_vkey(vkey, kind=NOTE_TYPE)
        self._check_new_key(vkey, among=self.logs)
        self.logs.append(vkey)

    def _witness(self, words: Sequence[str]) -> None:
        name, vkey, *_ = _some(words, least=2, most=3)
        _check_vkey(vkey, kind=COSIGNATURE_TYPE)
        self._check_new_key(vkey, among=self.witnesses.values())
        self.witnesses[self._new(name)] = vkey

    def _group(self, words: Sequence[str]) -> None:
        name, how, *members = _some(words, least=3, most=MOST_LINES)
        for member in members:
            if member in self.used or member not in {*self.witnesses, *self.groups}:
                raise ValueError("a member should be named in a line above, and in one group only")
            self.used.add(member)
        needed = {"all": len(members), "any": 1}.get(how)
        needed = decimal(how) if needed is None else needed
        if not 1 <= needed <= len(members):
            raise ValueError("a group needs between one and all of its members")
        self.groups[self._new(name)] = Group(needed, tuple(members))

    def _quorum(self, words: Sequence[str]) -> None:
        (name,) = _some(words, least=1, most=1)
        if name not in {NOBODY, *self.witnesses, *self.groups}:
            raise ValueError("the quorum should be named in a line above")
        self.quorum.append(name)

    def _new(self, name: str) -> str:
        if name in {NOBODY, *self.witnesses, *self.groups}:
            raise ValueError("this name is taken")
        return name

    @staticmethod
    def _check_new_key(vkey: str, *, among: Collection[str]) -> None:
        if vkey.split("+", 2)[2] in {one.split("+", 2)[2] for one in among}:
            raise ValueError("this key stands in a line above")


def _some(words: Sequence[str], *, least: int, most: int) -> Sequence[str]:
    if not least <= len(words) <= most:
        raise ValueError("it has too few or too many words")
    return words


def _check_vkey(vkey: str, *, kind: bytes) -> None:
    """The key is of that kind, and its id follows from it."""
    try:
        name, key_id, coded = vkey.split("+", 2)
        raw = from_base64(coded)
        one = PublicIdentity(name, raw[1:], b"", b"")
        expected = one.key_hash if kind == NOTE_TYPE else cosigner_key_id(one)
        if raw[:1] != kind or len(raw) != 33 or key_id != expected.hex():
            raise ValueError("another kind")
    except ValueError as fault:
        raise ValueError(f"its key should be of type {kind.hex()}, with the id that follows from it") from fault
