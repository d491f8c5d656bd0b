"""The framework, the board and its approvals, the public register, and the audit log that everything is written in."""

from ethics.adoptions import Adoption, adopt, read_adoption, read_adoptions
from ethics.approvals import ApprovalStatus, CastVote, cast_vote, read_vote, tally
from ethics.audit import AuditLog
from ethics.ballots import PolicyRef, Vote
from ethics.board import Constitution, Member, Quorum, demo_constitution, read_constitution
from ethics.checkpoints import NOTHING_SEEN, TreeHead, merge_checkpoints, read_checkpoint
from ethics.errors import (
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
from ethics.proofs import Proven, verify_proof
from ethics.register import (
    ApprovedUse,
    PublishedRelease,
    RefusedRequests,
    RegisterFacts,
    register_page,
)
from ethics.roles import LogKeys, log_keys
from ethics.verify import VerifiedLog, verify_directory
from ethics.witness import Cosignature, Witness, verify_cosignatures

__all__ = [
    "KINDS",
    "NOTHING_SEEN",
    "Adoption",
    "ApprovalStatus",
    "ApprovedUse",
    "AuditLog",
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
    "Member",
    "NotInLog",
    "NotVerified",
    "PolicyRef",
    "Principle",
    "Proven",
    "PublishedRelease",
    "Quorum",
    "QuorumMissed",
    "RefusedRequests",
    "RegisterFacts",
    "TreeHead",
    "VerifiedLog",
    "Vote",
    "Witness",
    "WitnessRefused",
    "adopt",
    "cast_vote",
    "demo_constitution",
    "log_keys",
    "merge_checkpoints",
    "read_adoption",
    "read_adoptions",
    "read_checkpoint",
    "read_constitution",
    "read_event",
    "read_framework",
    "read_vote",
    "register_page",
    "tally",
    "the_framework",
    "verify_cosignatures",
    "verify_directory",
    "verify_proof",
]
