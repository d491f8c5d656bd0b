"""AES-256-CMAC of many messages at once against the examples of NIST SP 800-38B."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa

from keys import Secret
from linkage.partner.tokens.prf import Cmac

FACTS: dict[str, Any] = json.loads((Path(__file__).parent / "cmac_aes256.json").read_text(encoding="utf-8"))


def as_texts(messages: list[bytes]) -> pa.StringArray:
    """The bytes as a text array: the examples are no UTF-8, and CMAC does not mind."""
    raw = pa.array(messages, pa.binary())
    return pa.Array.from_buffers(pa.string(), len(raw), raw.buffers())


def test_cmac_gives_the_tags_of_the_standard() -> None:
    message = bytes.fromhex(FACTS["message"])
    cmac = Cmac(Secret(bytes.fromhex(FACTS["key"]), name="example"))
    made = cmac.texts(as_texts([message[: one["bytes"]] for one in FACTS["examples"]]))
    assert [bytes(row).hex() for row in made.view("u1")] == [one["tag"] for one in FACTS["examples"]]
