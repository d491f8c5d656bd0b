"""clkhash over a CSV with one worker; `tokenise.py` starts this with the Python of an environment that has clkhash, and reads the JSON it prints.

The schema follows clkhash's own tutorial: 1024 bits; bigrams of names, streets and towns, positional single characters of dates and numbers; 200 bits
for names and date, 100 for the rest. Every field is plain text, the cheapest of clkhash's formats: real dates would be parsed twice a record.
"""

import json
import sys
import time
from pathlib import Path

import clkhash
from clkhash.clk import generate_clk_from_csv
from clkhash.schema import from_json_dict
from clkhash.serialization import serialize_bitarray

FIELDS = {
    "forename": (2, False, 200),
    "middle_name": (2, False, 100),
    "surname": (2, False, 200),
    "date_of_birth": (1, True, 200),
    "sex": (1, False, 100),
    "postcode": (1, True, 100),
    "address": (2, False, 100),
    "town": (2, False, 100),
    "nhs_number": (1, True, 100),
}


def feature(name: str, kind: str) -> dict[str, object]:
    if name not in FIELDS:
        return {"identifier": name, "ignored": True}
    n, positional, bits = FIELDS[name]
    return {
        "identifier": name,
        "format": {"type": "string", "encoding": "utf-8"},
        "hashing": {
            "comparison": {"type": "ngram", "n": n, "positional": positional},
            "strategy": {"bitsPerFeature": bits},
            "hash": {"type": kind},
            "missingValue": {"sentinel": "", "replaceWith": ""},
        },
    }


def main() -> None:
    source, out, kind = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    with source.open(encoding="utf-8", newline="") as rows:
        names = [n.strip('"') for n in rows.readline().strip().split(",")]
        rows.seek(0)
        config = {"l": 1024, "kdf": {"type": "HKDF", "hash": "SHA256", "keySize": 64}}
        schema = from_json_dict(
            {"version": 3, "clkConfig": config, "features": [feature(n, kind) for n in names]}
        )
        start, cpu = time.perf_counter(), time.process_time()
        filters = generate_clk_from_csv(rows, "secret", schema, progress_bar=False, max_workers=1)
        seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu
    start = time.perf_counter()
    file = out / "clks.json"
    with file.open("w", encoding="utf-8") as target:
        json.dump({"clks": [serialize_bitarray(f) for f in filters]}, target)
    told = {
        "version": clkhash.__version__,
        "fields": sum(n in FIELDS for n in names),
        "hash": kind,
        "records": len(filters),
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "write_seconds": time.perf_counter() - start,
        "popcount": sum(f.count() for f in filters) / len(filters),
        "bytes": {"clks.json": file.stat().st_size},
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
