"""How an agency's system writes names, dates, addresses and numbers, and how untidily."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from .agencies import Style
from .arrays import Days, Flags, Texts
from .draws import happens, present, texts
from .faults import Entries
from .places import STREET_KINDS

_SHORT_STREETS: Final = {full.upper(): short.upper() for full, short, _ in STREET_KINDS}
_STAND_IN_WRITTEN: Final = 0.4  # of the missing postcodes, where the style has something to write instead
_CASED: Final = ("forename", "middle_name", "surname", "previous_surname", "town", "address")
_SPACED: Final = ("forename", "surname", "address", "postcode")  # where a stray space may stand


def styled(
    entries: Entries, *, style: Style, rates: Mapping[str, float], rng: np.random.Generator
) -> dict[str, Texts]:
    """Standard identifier -> the entries as the agency writes them; None where nothing is written."""
    size = len(entries.born)

    def untidy(kind: str) -> Flags:
        return happens(rates[kind], size=size, rng=rng)

    out = dict(entries.written)
    out["address"] = _addresses(out["address"], cut_short=untidy("street_cut_short"))
    if style.town_in_address:
        out["address"] = _with_town(out["address"], town=out["town"])
    out["postcode"] = _postcodes(out["postcode"], close=untidy("postcode_unspaced"), low=untidy("other_case"))
    if style.no_fixed_abode:
        stand_in = ~present(out["postcode"]) & happens(_STAND_IN_WRITTEN, size=size, rng=rng)
        out["postcode"][stand_in] = style.no_fixed_abode
    for column in _CASED:
        out[column] = _cased(out[column], upper=untidy("other_case") ^ (style.name_case == "upper"))
    for column in _SPACED:
        out[column] = _spaced(out[column], stray=untidy("stray_space"))
    out["sex"] = texts([style.sexes.get(sex) for sex in out["sex"].tolist()])
    if style.spaced_nhs_number:
        out["nhs_number"] = texts([n and f"{n[:3]} {n[3:6]} {n[6:]}" for n in out["nhs_number"].tolist()])
    return out | {"date_of_birth": dates(entries.born, style=style)}


def dates(born: Days, *, style: Style) -> Texts:
    """The dates as the style writes them; None for NaT."""
    return texts([_date(day, style=style) for day in np.datetime_as_string(born).tolist()])


def _date(iso: str, *, style: Style) -> str | None:
    if iso == "NaT":
        return None
    parts = iso.split("-")
    if not style.padded_dates:
        parts = [part.lstrip("0") for part in parts]
    return style.date_separator.join(parts if style.date_order == "YMD" else reversed(parts))


def _cased(values: Texts, *, upper: Flags) -> Texts:
    pairs = zip(values.tolist(), upper.tolist(), strict=True)
    return texts([value and (value.upper() if up else value.title()) for value, up in pairs])


def _spaced(values: Texts, *, stray: Flags) -> Texts:
    out = values.copy()
    for row in np.flatnonzero(stray & present(values)):
        value = values[row]
        out[row] = (value + " ", " " + value, value.replace(" ", "  ") + " ")[row % 3]
    return out


def _addresses(address: Texts, *, cut_short: Flags) -> Texts:
    out = address.copy()
    for row in np.flatnonzero(cut_short & present(address)):
        head, _, kind = address[row].rpartition(" ")
        out[row] = f"{head} {_SHORT_STREETS.get(kind, kind)}"
    return out


def _with_town(address: Texts, *, town: Texts) -> Texts:
    pairs = zip(address.tolist(), town.tolist(), strict=True)
    return texts([street and (f"{street}, {place}" if place else street) for street, place in pairs])


def _postcodes(postcode: Texts, *, close: Flags, low: Flags) -> Texts:
    out = postcode.copy()
    for row in np.flatnonzero(close & present(out)):
        out[row] = out[row].replace(" ", "")
    for row in np.flatnonzero(low & present(out)):
        out[row] = out[row].lower()
    return out
