"""The facts as they are written in a file, for whoever runs the engine alone: without keys, votes or a project's folder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

from pydantic import Discriminator, Field, Tag

from policies.catalogue import PartnerId, Says
from policies.catalogue_document import CatalogueDocument, load_catalogue
from policies.document import ClauseId
from policies.errors import PolicyError
from policies.facts import Facts, Requester
from policies.gateways_document import GatewaysDocument, load_gateways
from policies.reading import Day, Document, EvidenceName, Organisation, Role, spelt

FileName = Annotated[str, spelt(r"[A-Za-z0-9_-][A-Za-z0-9._-]*", like="catalogue.yaml")]


def _written(value: object) -> str:
    return "file" if isinstance(value, str) else "here"


Named: TypeAlias = Annotated[FileName, Tag("file")]
CatalogueOrFile: TypeAlias = Annotated[
    Named | Annotated[CatalogueDocument, Tag("here")], Discriminator(_written)
]
GatewaysOrFile: TypeAlias = Annotated[Named | Annotated[GatewaysDocument, Tag("here")], Discriminator(_written)]


class _RequesterRow(Document):
    roles: frozenset[Role] = Field(min_length=1)
    organisation: Says
    kind: Organisation


class FactsDocument(Document):
    """Everything that the engine is told about the world. What is left out counts as missing, and what is missing denies.

    `catalogue` and `gateways` are written out, or name a file beside this one.
    """

    format: Literal["linkage-facts/v1"]
    catalogue: CatalogueOrFile
    gateways: GatewaysOrFile
    recommended: frozenset[ClauseId] = frozenset()
    adoptions: dict[PartnerId, frozenset[ClauseId]] = Field(default_factory=dict)
    dpia: dict[ClauseId, Day] = Field(default_factory=dict)
    evidence: dict[Says, dict[EvidenceName, Says]] = Field(default_factory=dict)
    requesters: dict[Says, _RequesterRow] = Field(default_factory=dict)

    @property
    def files(self) -> tuple[str, ...]:
        """The files that it names."""
        return tuple(name for name in (self.catalogue, self.gateways) if isinstance(name, str))

    def build(self, texts: Mapping[str, str]) -> Facts:
        """The facts; `texts` holds the text of each file that is named.

        Raises:
            DocumentInvalid: a file is not what it should be.
            PolicyError: somebody adopts who is not in the catalogue.
        """
        own, law = self.catalogue, self.gateways
        catalogue = load_catalogue(texts[own], name=own) if isinstance(own, str) else own.build()
        gateways = load_gateways(texts[law], name=law) if isinstance(law, str) else law.table()
        if strangers := sorted(self.adoptions.keys() - catalogue.partners.keys()):
            raise PolicyError(f"adoptions: {', '.join(strangers)} is not in the catalogue: correct the name")
        return Facts(
            catalogue=catalogue,
            gateways=gateways,
            adoptions=self.adoptions,
            recommended=self.recommended,
            dpia=self.dpia,
            evidence=self.evidence,
            requesters={
                name: Requester(row.roles, row.organisation, row.kind) for name, row in self.requesters.items()
            },
        )
