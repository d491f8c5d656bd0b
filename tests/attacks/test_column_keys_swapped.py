"""One column's key in another's place: neither the custodian, nor the desk that asks, takes it for what it is not."""

from typing import Any

import pytest

from keys.columns import unwrap_column_key
from service.errors import BAD_INPUT, REFUSED, CustodianRefused, CustodianUnavailable

SUSPENDED = "vpp-demo/1/schools/suspended"
MEALS = "vpp-demo/1/schools/free_school_meals"


def test_wrapped_keys_exchanged_between_columns_or_partners_stay_shut(office: Any) -> None:
    schools, police = (
        office.wrapped("schools", "suspended", "free_school_meals", "area"),
        office.wrapped("police", "area"),
    )
    wanted = ("schools.suspended", "schools.free_school_meals", "schools.area", "police.area")
    asked = office.order(attributes=dict.fromkeys(wanted, "x"))
    pairs = [
        (SUSPENDED, schools[MEALS]),
        (MEALS, schools[SUSPENDED]),
        ("vpp-demo/1/schools/area", police["vpp-demo/1/police/area"]),
        ("vpp-demo/1/police/area", schools["vpp-demo/1/schools/area"]),
        (SUSPENDED, office.spine().wrapped),
    ]
    for key_id, wrapped in pairs:
        office.stays_shut(
            lambda k=key_id, w=wrapped: office.custodian.open_column(asked, key_id=k, wrapped=w),
            saying="stays shut",
            because="wrong-key",
        )


def test_a_wrapped_key_altered_in_any_byte_stays_shut(office: Any) -> None:
    wrapped = office.wrapped("schools", "suspended")[SUSPENDED]
    for at in range(0, len(wrapped), 97):
        altered = bytes([*wrapped[:at], wrapped[at] ^ 1, *wrapped[at + 1 :]])
        with pytest.raises(CustodianRefused) as caught:
            office.custodian.open_column(office.order(), key_id=SUSPENDED, wrapped=altered)
        assert caught.value.reasons == ("wrong-key",)


def test_exchanged_keys_stay_shut_at_the_socket_too(served: Any) -> None:
    served.start()
    office, custody = served.office, served.custody()
    kept = office.wrapped("schools", "suspended", "free_school_meals")
    for key_id, other in ((SUSPENDED, MEALS), (MEALS, SUSPENDED)):
        with pytest.raises(CustodianRefused) as caught:
            custody.open_column(office.order(), key_id=key_id, wrapped=kept[other])
        assert caught.value.reasons == ("wrong-key",)
        honest = custody.open_column(office.order(), key_id=key_id, wrapped=kept[key_id])
        whole = unwrap_column_key(kept[key_id], key_id=key_id, by=office.cast.people["custodian/1"])
        assert honest == whole.expose()


def test_an_answer_given_for_one_column_is_not_taken_for_another(served: Any, between: Any) -> None:
    """Somebody on the wire gives the desk the custodian's own, genuine answer to the call before."""
    served.start()
    office = served.office
    kept = office.wrapped("schools", "suspended", "free_school_meals")
    with between() as wire:
        custody = served.custody(path=wire.path)
        assert custody.open_column(office.order(), key_id=MEALS, wrapped=kept[MEALS])
        wire.on_answer = lambda _: wire.answers[0]
        with pytest.raises(CustodianUnavailable, match="answered another call"):
            custody.open_column(office.order(), key_id=SUSPENDED, wrapped=kept[SUSPENDED])


def test_by_command_a_desk_that_swaps_the_files_of_two_partners_releases_nothing(allowed: Any) -> None:
    p = allowed
    police, schools = (p.home("desk/1") / "desk" / n / "attributes.parquet" for n in ("police", "schools"))
    kept = police.read_bytes()
    police.write_bytes(schools.read_bytes())
    schools.write_bytes(kept)
    told = p.release(*p.keeper)
    assert told.code in (BAD_INPUT, REFUSED), told
    assert not (p.folder / "out").exists()
    assert p.kinds()[-1] == "release-refused"
    schools.write_bytes(police.read_bytes())
    police.write_bytes(kept)
    p.well(p.release(*p.keeper))
