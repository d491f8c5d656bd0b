"""The framework, the board and its approvals, the public register, and the audit log that everything is written in."""

from ethics.adoptions import Adoption, adopt, read_adoption, read_adoptions
from ethics.approvals import ApprovalStatus, CastVote, cast_vote, read_vote, tally
from ethics.audit import AuditLog
from ethics.ballots import PolicyRef, Vote
from ethics.board import Constitution, Member, Quorum, read_constitution
from ethics.checkpoints import NOTHING_SEEN, TreeHead, merge_checkpoints, read_checkpoint
from ethics.errors import (
    BadAct,
    BadAdoption,
    BadDocument,
    BadEvent,
    BadExport,
    BadProof,
    BadTransaction,
    BadVote,
    EthicsError,
    NotInLog,
    NotVerified,
    QuorumMissed,
    WitnessRefused,
)
from ethics.events import Event, read_event
from ethics.framework import Framework, Principle, read_framework, the_framework
from ethics.kinds import KINDS
from ethics.log_policy import LogPolicy, draft_log_policy, parse_log_policy, read_log_policy
from ethics.proofs import Proven, verify_proof
from ethics.published import Published
from ethics.register import RegisterFacts, YearFacts, annual_report, register_pages
from ethics.roles import LogKeys, log_keys
from ethics.verify import VerifiedLog, verify_directory
from ethics.witness import Cosignature, Witness, verify_cosignatures

__all__ = [
    "KINDS",
    "NOTHING_SEEN",
    "Adoption",
    "ApprovalStatus",
    "AuditLog",
    "BadAct",
    "BadAdoption",
    "BadDocument",
    "BadEvent",
    "BadExport",
    "BadProof",
    "BadTransaction",
    "BadVote",
    "CastVote",
    "Constitution",
    "Cosignature",
    "EthicsError",
    "Event",
    "Framework",
    "LogKeys",
    "LogPolicy",
    "Member",
    "NotInLog",
    "NotVerified",
    "PolicyRef",
    "Principle",
    "Proven",
    "Published",
    "Quorum",
    "QuorumMissed",
    "RegisterFacts",
    "TreeHead",
    "VerifiedLog",
    "Vote",
    "Witness",
    "WitnessRefused",
    "YearFacts",
    "adopt",
    "annual_report",
    "cast_vote",
    "draft_log_policy",
    "log_keys",
    "merge_checkpoints",
    "parse_log_policy",
    "read_adoption",
    "read_adoptions",
    "read_checkpoint",
    "read_constitution",
    "read_event",
    "read_framework",
    "read_log_policy",
    "read_vote",
    "register_pages",
    "tally",
    "the_framework",
    "verify_cosignatures",
    "verify_directory",
    "verify_proof",
]
