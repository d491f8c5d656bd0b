"""A secret in shares: some number of them give it back, and fewer say nothing about it.

Shamir's secret sharing over GF(256) as SLIP-0039 has it, in one group and without a passphrase, by `shamir_mnemonic`. A share is words that can be
read aloud and copied by hand, with a checksum; which secret it belongs to, how many are needed and which one it is stand in its first words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from shamir_mnemonic import MnemonicError, Share, combine_mnemonics, generate_mnemonics

from keys.derive import derive
from keys.errors import BadShare
from keys.secret import Secret

MOST_SHARES: Final = 16
LEAST_BYTES: Final = 16


def usual_threshold(holders: int) -> int:
    """How many of so many holders should be needed: the only one, both of two, and beyond that more than half."""
    return 1 if holders == 1 else max(2, holders // 2 + 1)


def check_threshold(threshold: int, *, shares: int) -> None:
    """Nothing, if a secret can be cut into so many shares of which so many are needed.

    Raises:
        BadShare: it cannot; the message says what would do.
    """
    if not 1 <= shares <= MOST_SHARES:
        raise BadShare(f"a secret has from 1 to {MOST_SHARES} shares, not {shares}")
    if not 1 <= threshold <= shares:
        raise BadShare(f"of {shares} shares from 1 to {shares} can be needed, not {threshold}")
    if threshold == 1 < shares:
        raise BadShare(
            f"with a threshold of 1, each of the {shares} would hold the whole: name a threshold of 2 or more"
        )


def split(secret: Secret, *, threshold: int, shares: int) -> tuple[Secret, ...]:
    """So many shares, of which any `threshold` give the secret back. Their randomness is the operating system's.

    Raises:
        BadShare: the numbers do not serve.
    """
    check_threshold(threshold, shares=shares)
    if len(secret.expose()) < LEAST_BYTES or len(secret.expose()) % 2:
        raise BadShare(f"only a secret of at least {LEAST_BYTES} bytes, and an even number of them, is shared")
    (made,) = generate_mnemonics(1, [(threshold, shares)], secret.expose())
    return tuple(
        Secret(words.encode(), name=f"share {number} of {shares} of {secret.name}")
        for number, words in enumerate(made, start=1)
    )


@dataclass(frozen=True, slots=True)
class Place:
    """What a share says of itself: the secret it belongs to (an opaque value), how many are needed, and which one it is, from 0."""

    secret: tuple[int, ...]
    threshold: int
    number: int


def place_of(share: Secret) -> Place:
    """What the share says of itself.

    Raises:
        BadShare: a word was altered, left out or added, or it is a share of another kind.
    """
    one = _read(share)
    return Place(tuple(map(int, one.common_parameters())), one.member_threshold, one.index)


def combine(shares: Sequence[Secret], *, name: str) -> Secret:
    """The secret. More shares than are needed may be given; then a wrong one among them is passed over, as long as enough are right.

    Raises:
        BadShare: there are too few (the message says how many are missing), one is damaged or of another secret, or they do not fit together.
    """
    if not shares:
        raise BadShare("no share was given")
    places = [place_of(one) for one in shares]
    if len({(one.secret, one.threshold) for one in places}) != 1:
        raise BadShare("these shares are of different secrets: use those of one ceremony and kind")
    by_number = {place.number: one for place, one in zip(places, shares, strict=True)}
    threshold = places[0].threshold
    if (missing := threshold - len(by_number)) > 0:
        raise BadShare(
            f"{missing} more {'share is' if missing == 1 else 'shares are'} needed: {len(by_number)} of {threshold} are here"
        )
    if len(by_number) != len(set(_texts(shares))):
        raise BadShare("two of these shares have one number and differ: one of them was made up")
    for chosen in combinations(by_number.values(), threshold):
        if (found := _combined(chosen)) is not None:
            return Secret(found, name=name)
    raise BadShare("these shares do not fit together: at least one was made up, or is of another secret")


def share_check(share: Secret, *, project: str, epoch: int, kind: str, holder: str) -> str:
    """What the record says of a share, hexadecimal. It tells nobody anything about the share, for whoever has it not cannot guess it."""
    words = " ".join(_read(share).words())
    one = Secret(words.encode(), name=share.name)
    return derive(one, "share-check", project, str(epoch), kind, holder).expose().hex()


def _texts(shares: Sequence[Secret]) -> list[str]:
    return [" ".join(_read(one).words()) for one in shares]


def _read(share: Secret) -> Share:
    try:
        one = Share.from_mnemonic(share.expose().decode("ascii"))
    except (MnemonicError, UnicodeDecodeError):
        one = None
    # Outside the handler, for what the library raises repeats words of the share.
    if one is None:
        raise BadShare(f"{share.name} is damaged: a word was altered, left out or added")
    if one.group_count != 1:
        raise BadShare(f"{share.name} is of another kind: it belongs to one of several groups")
    return one


def _combined(shares: Sequence[Secret]) -> bytes | None:
    try:
        return bytes(combine_mnemonics([one.expose().decode("ascii") for one in shares]))
    except MnemonicError:
        return None
