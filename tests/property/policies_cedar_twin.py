"""A document and its facts in Cedar, asked in one batch. Cedar comes with `cedarpy`, which only tests and benchmarks need."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import cedarpy

from policies import cedar
from policies.document import Policy
from policies.facts import Facts
from policies.request import Request


@dataclass(frozen=True)
class Twin:
    """Everything that one document and its facts compile to, read by Cedar."""

    facts: Facts
    schema: cedarpy.Schema
    rules: cedarpy.PolicySet
    entities: cedarpy.Entities

    def clauses(self, requests: Sequence[Request], *, now: datetime) -> list[frozenset[str]]:
        """For each request the clauses by which Cedar permits it."""
        entities, asked = self.ask(requests, now=now)
        flat = [one for questions in asked for one in questions]
        answers = iter(cedarpy.is_authorized_batch(flat, self.rules, entities, self.schema))
        return [cedar.verdict([answer(next(answers)) for _ in questions]) for questions in asked]

    def ask(
        self, requests: Sequence[Request], *, now: datetime
    ) -> tuple[cedarpy.Entities, list[list[dict[str, cedar.Json]]]]:
        """The entities with these requests among them, and the questions of each. Requests that differ in their attributes alone share one."""
        names: dict[str, str] = {}
        asked = []
        for request in requests:
            looks = json.dumps(cedar.asked(request, name="", facts=self.facts, now=now))
            name = names.setdefault(looks, str(len(names)))
            asked.append(cedar.questions(request, name=name, facts=self.facts))
        rows = [json.loads(looks) for looks in names]
        for row, name in zip(rows, names.values(), strict=True):
            row["uid"]["id"] = name
        fitting = json.dumps(list(self._fitting(rows)))
        return self.entities.with_added_json_str(fitting, self.schema), asked

    def _fitting(self, rows: list[cedar.Json]) -> Iterator[cedar.Json]:
        """Those that fit the schema: all, or one by one where one of them does not."""
        if self._fits(rows):
            yield from rows
        else:
            yield from (row for row in rows if self._fits([row]))

    def _fits(self, rows: list[cedar.Json]) -> bool:
        try:
            cedarpy.Entities.from_json_str(json.dumps(rows), self.schema)
        except ValueError:
            return False
        return True


def twin(policy: Policy, facts: Facts) -> Twin:
    schema = cedarpy.Schema.from_str(cedar.schema(gateways=facts.gateways))
    entities = json.dumps(cedar.entities(facts, policy=policy))
    return Twin(
        facts,
        schema,
        cedarpy.PolicySet.from_str(cedar.rules(policy, gateways=facts.gateways)),
        cedarpy.Entities.from_json_str(entities, schema),
    )


def answer(result: cedarpy.AuthzResult) -> cedar.Answer:
    told = result.diagnostics
    failed = bool(told.errors) or result.decision == cedarpy.Decision.NoDecision
    return cedar.Answer(result.allowed, frozenset(told.id_annotations_by_reason.values()), failed)
