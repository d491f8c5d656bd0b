"""What can go wrong with the audit log, the board and its documents. Messages say what, where, and what to do."""


class EthicsError(Exception):
    """Something about the log, the framework, the board or an approval does not hold."""


class BadEvent(EthicsError):
    """An event has an unknown kind, an unknown or missing detail, or a value that may not be logged."""


class BadTransaction(EthicsError):
    """The log was asked to write outside the caller's transaction, or to sign inside an unfinished one."""


class NotInLog(EthicsError):
    """The log has no such entry, or no checkpoint covers it yet."""


class BadExport(EthicsError):
    """The log cannot be written to this directory."""


class NotVerified(EthicsError):
    """A checkpoint, proof or exported log does not verify: believe nothing it says."""


class BadProof(NotVerified):
    """A Merkle proof does not lead to the root it is said to lead to."""


class QuorumMissed(NotVerified):
    """Too few witnesses have cosigned a checkpoint."""


class WitnessRefused(NotVerified):
    """A witness will not cosign: the log shows a history other than the one seen before."""


class BadDocument(EthicsError):
    """A framework or constitution file is not what it should be."""


class BadVote(EthicsError):
    """A vote is malformed, by no member, about another policy, or contradicts another by the same member."""


class BadAct(EthicsError):
    """An act on a proposal is malformed, out of order, by somebody who may not act, or about something else than was shown."""


class BadAdoption(EthicsError):
    """An adoption is malformed, about another policy, or by someone who may not speak for the partner."""
