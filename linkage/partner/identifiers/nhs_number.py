"""NHS numbers: ten digits whose last is the modulus-11 check digit (NHS data dictionary, NHS NUMBER).

python-stdnum is the measure: what is written in ten ASCII digits, spaces and hyphens is checked here, fast, with the same sum, and
every other text (signs that stand for hyphens, digits of other scripts) by python-stdnum itself. Numbers of one digit ten times are
none, although some of them fit. The range that begins with 999 is for tests; its form is valid.
"""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from stdnum.exceptions import ValidationError
from stdnum.gb import nhs

LENGTH: Final = 10
MODULUS: Final = 11
GAPS: Final = str.maketrans("", "", " -")
WEIGHTS: Final = np.arange(LENGTH, 0, -1, dtype=np.int64)
ZERO: Final = ord("0")


def clean(text: str) -> str | None:
    """The ten digits, or None where the check digit does not fit or all digits are the same."""
    plain = text.translate(GAPS)
    if not plain.isascii():
        return _by_stdnum(text)
    if len(plain) != LENGTH or not plain.isdigit():
        return _by_stdnum(text) if len(plain.strip()) != len(plain) else None
    a, b, c, d, e, f, g, h, i, j = plain.encode()
    # The ten zeros of the codes' own value add 48 * 55, which is 0 modulo 11 (48 * 55 = 11 * 240).
    if (10 * a + 9 * b + 8 * c + 7 * d + 6 * e + 5 * f + 4 * g + 3 * h + 2 * i + j) % MODULUS:
        return None
    return None if plain == plain[0] * LENGTH else plain


def _by_stdnum(text: str) -> str | None:
    """What python-stdnum makes of the text."""
    try:
        digits: str = nhs.validate(text)
    except ValidationError:
        return None
    return None if len(set(digits)) == 1 else digits


def clean_many(texts: pa.StringArray) -> pa.StringArray:
    """`clean` of every text; null stays null."""
    plain = pc.replace_substring(pc.replace_substring(texts, " ", ""), "-", "")
    ten = pc.fill_null(pc.equal(pc.binary_length(plain), LENGTH), False).to_numpy(zero_copy_only=False)
    fixed = plain.filter(pa.array(ten)).cast(pa.binary(LENGTH))
    letters = np.frombuffer(fixed.buffers()[1] or b"", dtype=np.uint8, count=len(fixed) * LENGTH)
    digits = letters.reshape(-1, LENGTH).astype(np.int64) - ZERO
    usual = ((digits >= 0) & (digits <= 9)).all(axis=1)
    fits = usual & (digits @ WEIGHTS % MODULUS == 0) & (digits != digits[:, :1]).any(axis=1)
    valid, known = np.zeros(len(texts), dtype=bool), np.zeros(len(texts), dtype=bool)
    valid[ten], known[ten] = fits, usual
    out = pc.if_else(pa.array(valid), plain, pa.scalar(None, pa.string()))
    others = np.flatnonzero(~known & texts.is_valid().to_numpy(zero_copy_only=False))
    found = {int(at): value for at in others if (value := clean(texts[int(at)].as_py())) is not None}
    if not found:
        return out
    mended = np.zeros(len(texts), dtype=bool)
    mended[list(found)] = True
    return pc.replace_with_mask(out, pa.array(mended), pa.array(list(found.values()), pa.string()))
