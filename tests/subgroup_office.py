"""A partner's office whose mapping names subgroups: who has which code, the export and the mapping, and the commands from submission to report."""

import json
from collections.abc import Callable
from typing import Any

PEOPLE = 240
CODES = {"W": "white", "B": "black", "Z": "other"}
KINDS = {"ethnic_group": {"column": "ethnicity", "gateway": "PCSC-s16", "codes": CODES}}
RARE = (1, 81, 161, 201)
Code = Callable[[int], str]


def ethnicity(n: int) -> str:
    """Of the police's 240 records: 12 without a code, 4 with a rare one, 50 black and 174 white. Records from 80 on are of people whom the schools know."""
    if n % 20 == 0:
        return ""
    if n in RARE:
        return "Z"
    return "B" if n % 2 and n < 105 else "W"


def export(
    p: Any, *, partner: str = "police", code: Code = ethnicity, kinds: dict[str, Any] = KINDS, keep: Code = str
) -> None:
    """The partner's export with a column `ethnicity`, and its mapping with these kinds; rows for which `keep` gives nothing are left out."""
    path = p.export(partner)
    first, *lines = path.read_text("utf-8").splitlines()
    numbered = [(int(line.partition(",")[0][2:]), line) for line in lines]
    rows = [f"{line},{code(n)}" for n, line in numbered if keep(n)]
    path.write_text("\n".join([f"{first},ethnicity", *rows]), "utf-8")
    mapping = p.home(f"{partner}/officer") / "mapping.yaml"
    mapping.write_text(mapping.read_text("utf-8") + f"subgroups: {json.dumps(kinds)}\n", "utf-8")


def officer(p: Any, command: str, file: object, *, partner: str = "police", **words: object) -> Any:
    """What a command of the partner's data officer answered."""
    home = p.home(f"{partner}/officer")
    given = {
        "mapping": home / "mapping.yaml", "identity": home / "identity.key", "secret": home / "project.secret", "own": home / "own.secret",
        "shared": p.shared,
    } | words  # fmt: skip
    if command == "check":
        given = {name: given[name] for name in ("mapping", "shared")}
    return p.run("partner", command, file, *(w for k, v in given.items() for w in (f"--{k}", v)))


def submit(p: Any, *, out: str = "coded", partner: str = "police", **words: object) -> Any:
    """What submitting the export answered."""
    home = p.home(f"{partner}/officer")
    return officer(p, "submit", home / "export.csv", partner=partner, out=home / out, **words)


def quality(p: Any, *words: object) -> Any:
    """What the report answered, after the desk's files came to the linker and the assembler."""
    p.well(p.link())
    p.well(p.assemble())
    home, model = p.home("assembler/1"), p.home("linker/1") / "model.json"
    out = p.folder / "quality.html"
    return p.run("centre", "quality", home, "--shared", p.shared, "--model", model, "--out", out, *words)


def rows(p: Any) -> dict[str, dict[str, Any]]:
    """The report's rows of police's ethnic groups, by code."""
    body = json.loads((p.folder / "quality.json").read_text("utf-8"))
    return {r["code"]: r for r in body["subgroups"] if (r["partner"], r["kind"]) == ("police", "ethnic_group")}
