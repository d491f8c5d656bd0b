"""A policy document read for whoever writes or votes on it: in sentences, or with its faults."""

from pathlib import Path

from policies import PolicyError, load_catalogue, load_gateways, load_policy
from policies.explain import explain_document
from policies.linter import lint
from policies.selftest import first_day, run_tests
from service.dossier import VOUCHED
from service.texts import read_text


def board_explain(policy: Path) -> str:
    """The policy in sentences."""
    return "\n".join(explain_document(load_policy(read_text(policy), name=policy.name)))


def board_lint(policy: Path, *, shared: Path) -> str:
    """Nothing wrong, in one line.

    Raises:
        PolicyError: there are faults, or a test inside the document fails; the message lists them.
    """
    document = load_policy(read_text(policy), name=policy.name)
    catalogue = load_catalogue(read_text(shared / VOUCHED["catalogue"]), name=VOUCHED["catalogue"])
    gateways = load_gateways(read_text(shared / VOUCHED["gateways"]), name=VOUCHED["gateways"])
    faults = [str(f) for f in lint(document, catalogue=catalogue, gateways=gateways)]
    outcomes = run_tests(document, catalogue=catalogue, gateways=gateways, now=first_day(document))
    faults += [f"test {o.id} failed" for o in outcomes if not o.passed]
    if faults:
        raise PolicyError("\n".join(faults))
    return f"{policy.name}: no faults; {len(outcomes)} tests inside the document pass"
