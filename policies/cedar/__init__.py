"""The same document for another engine: policy documents, gateways, facts and requests compiled to Cedar (cedarpolicy.com).

Nothing here evaluates anything, and nothing here needs Cedar. A request becomes one Cedar question for each attribute that it rests
on, and a clause permits the request when it permits every one of them. Cedar skips a rule that fails to evaluate; `verdict`
takes any failure for a no, as `policies.engine.decide` does.
"""

from policies.cedar.rules import rules
from policies.cedar.schema import schema
from policies.cedar.verdict import Answer, verdict
from policies.cedar.world import Json, asked, entities, questions

__all__ = ["Answer", "Json", "asked", "entities", "questions", "rules", "schema", "verdict"]
