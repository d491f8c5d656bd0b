"""Rules for machines: the vocabulary, the policy document, the decision and its explanation. Pure: text in, values out."""

from policies.canonical import canonical, digest
from policies.catalogue import Attribute, Catalogue
from policies.decision import Decision, Permit, permit_text
from policies.document import Policy
from policies.engine import decide
from policies.errors import DocumentInvalid, PermitForged, PolicyError, Refused
from policies.facts import Facts, Requester
from policies.gateways import Crossing, Gateway, Stage, carries
from policies.load import load_catalogue, load_gateways, load_policy, load_request
from policies.obligations import Obligations
from policies.request import Request

__all__ = [
    "Attribute",
    "Catalogue",
    "Crossing",
    "Decision",
    "DocumentInvalid",
    "Facts",
    "Gateway",
    "Obligations",
    "Permit",
    "PermitForged",
    "Policy",
    "PolicyError",
    "Refused",
    "Request",
    "Requester",
    "Stage",
    "canonical",
    "carries",
    "decide",
    "digest",
    "load_catalogue",
    "load_gateways",
    "load_policy",
    "load_request",
    "permit_text",
]
