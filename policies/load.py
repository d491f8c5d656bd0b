"""From the text of a file to a document. Reading the file itself is the caller's."""

from __future__ import annotations

from policies.catalogue import Catalogue
from policies.catalogue_document import CatalogueDocument
from policies.document import Policy
from policies.gateways import Gateways
from policies.gateways_document import GatewaysDocument
from policies.reading import read
from policies.request import Request


def load_policy(text: str, *, name: str = "policy") -> Policy:
    """The policy document that the text describes.

    Raises:
        DocumentInvalid: with the line, the column and the fix of every problem.
    """
    return read(text, model=Policy, name=name)


def load_request(text: str, *, name: str = "request") -> Request:
    """The request that the text describes.

    Raises:
        DocumentInvalid: as for `load_policy`.
    """
    return read(text, model=Request, name=name)


def load_catalogue(text: str, *, name: str = "catalogue") -> Catalogue:
    """The catalogue that the text describes, with classes and flags inherited.

    Raises:
        DocumentInvalid: as for `load_policy`.
    """
    return read(text, model=CatalogueDocument, name=name).build()


def load_gateways(text: str, *, name: str = "gateways") -> Gateways:
    """The table of legal gateways that the text describes.

    Raises:
        DocumentInvalid: as for `load_policy`.
    """
    return read(text, model=GatewaysDocument, name=name).table()
