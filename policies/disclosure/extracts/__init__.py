"""Row-level extracts for the secure setting: who could be recognised in a row, and what is coarsened or left out until nobody stands alone."""

from policies.disclosure.extracts.hierarchies import ANY, Hierarchy, hierarchy_of
from policies.disclosure.extracts.joins import refuse_joined
from policies.disclosure.extracts.kept import Joins
from policies.disclosure.extracts.measures import k_anonymity, l_diversity
from policies.disclosure.extracts.protect_rows import LEAST_K, SafeExtract, protect_rows
from policies.disclosure.extracts.pseudonyms import pseudonyms
from policies.disclosure.extracts.roles import QUASI, SENSITIVE, role_of
from policies.disclosure.extracts.rows import Column, Rows
from policies.disclosure.extracts.search import MOST_DROPPED, MOST_NODES, Generalisation, generalise

__all__ = [
    "ANY",
    "LEAST_K",
    "MOST_DROPPED",
    "MOST_NODES",
    "QUASI",
    "SENSITIVE",
    "Column",
    "Generalisation",
    "Hierarchy",
    "Joins",
    "Rows",
    "SafeExtract",
    "generalise",
    "hierarchy_of",
    "k_anonymity",
    "l_diversity",
    "protect_rows",
    "pseudonyms",
    "refuse_joined",
    "role_of",
]
