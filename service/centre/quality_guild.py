"""What GUILD asks those who link data to publish, and what a report can answer; what nobody here can know is said to be unknown.

Gilbert et al. (2018), "GUILD: GUidance for Information about Linking Data sets", Journal of Public Health 40(1), doi 10.1093/pubmed/fdx037.
"""

from collections.abc import Mapping
from typing import Any, Final

UNKNOWN: Final = "Not known here."
NO_GROUPS: Final = (
    "Not known here: no partner sends anything by which groups of people could be told apart for this purpose, or there is no other to be linked with. Errors are known to fall unevenly; the measurements on"
    " made-up people in docs/fairness.md show for whom."
)


def _groups(body: Mapping[str, Any]) -> str:
    rows = body["subgroups"]
    if not rows:
        return NO_GROUPS
    senders = ", ".join(dict.fromkeys(row["partner"] for row in rows))
    kinds = ", ".join(dict.fromkeys(row["kind"].replace("_", " ") for row in rows))
    beyond = sum(row["beyond_chance"] is not None for row in rows)
    return (
        f"Shares of records linked, by {kinds}, of the records of {senders}: above. {beyond} differ from the partner's own share by more than chance. Which of their links"
        " are wrong or missing is not known."
    )


def answers(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Each point with its answer, in the order of the guidance: who provides data, who links them, who uses them."""
    kind = {
        "link_only": "Records of different partners were compared, those of one partner with each other were not.",
        "link_and_dedupe": "Records of different partners were compared, and also those of one partner with each other.",
        "dedupe_only": "Records of one partner were compared with each other.",
    }[body["link_type"]]
    left_out = sum(len(p["left_out"]) for p in body["partners"].values())
    precision, missed = (100 * body["expected"][name] for name in ("precision", "missed"))
    return [
        ("Which population each file covers", f"{UNKNOWN} Ask the partner; its submission names the gateway under which it came."),
        ("How the data came about, and how they were cleaned", "Cleaning is the same at every partner and fixed by the linkage schema named above. How values came to be written down is the partner's to say."),
        ("How complete the identifiers are", "By partner, below, as each stated in its signed manifest."),
        ("Who was left out before", f"{left_out} exclusion lists were applied by partners; what they stated is below." if left_out else "No partner states that it left anybody out. Records without any match key could not be compared; they are counted below."),
        ("How records were linked", f"{kind} By probability, on masked tokens that share a match key, after Fellegi and Sunter (1969). The match keys and weights are below. Nobody looked at a pair: no one can, for there are no names."),
        ("The threshold", f"A match probability of {body['threshold']:.2f}: the point from which linking a pair raises the expected F1. No labelled pairs were used."),
        ("False links", f"Expected: {100 - precision:.1f} % of the linked pairs. That is what the model says of itself, brought in line on sources with known truth. The true rate is not known."),
        ("Missed links", f"Expected: {missed:.1f} % of the matches among compared pairs, and at least about {body['expected']['never_met']} matches that shared no match key. The second is a lower bound; how many more there are is not known."),
        ("Errors by group of people", _groups(body)),
        ("How often one person's records were split over several, or two people's merged", "Not known here. The sizes below show the outcome, and what there is to doubt in it."),
        ("What users should do", "Treat a person as linked with the probability above, not for certain; say in every publication that links can be wrong or missing, and test whether conclusions hold when the threshold is moved."),
    ]  # fmt: skip
