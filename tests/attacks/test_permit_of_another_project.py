"""What one project allows opens nothing of another, though the same people sign for both."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from keys import Identity
from linkage.manifest import Round
from service.custody.custodian import Custodian
from service.errors import BAD_INPUT, CustodianRefused

SUSPENDED = "vpp-demo/1/schools/suspended"


@pytest.mark.parametrize(
    ("key_id", "code"),
    [
        ("other-project/1/schools/suspended", "other-project"), ("vpp-demo/2/schools/suspended", "other-project"),
        ("vpp-demo/01/schools/suspended", "other-project"), ("schools/suspended", "other-project"), ("vpp-demo/1/schools/suspended/x", "not-opened"),
        ("", "other-project"), ("////", "other-project"), ("vpp-demo/1/schools, suspended/Jane Roe\n", "not-opened"),
    ],
)  # fmt: skip
def test_a_key_of_another_project_or_round_stays_shut_whatever_its_name(
    office: Any, key_id: str, code: str
) -> None:
    wrapped = office.wrapped("schools", "suspended")[SUSPENDED]
    office.stays_shut(
        lambda: office.custodian.open_column(office.order(), key_id=key_id, wrapped=wrapped),
        saying="another project or round|does not open",
        because=code,
    )
    assert b"Jane Roe" not in b"".join(p.read_bytes() for p in office.places.custodian.glob("custodian.db*"))


def test_a_request_for_another_project_opens_nothing(office: Any) -> None:
    office.stays_shut(
        lambda: office.open_suspended(office.order(project="other-project")),
        saying="for project other-project",
        because="other-project",
    )


def test_a_register_of_another_project_opens_nothing(office: Any) -> None:
    office.reissue(version=2, project="other-project")
    office.stays_shut(
        lambda: office.open_suspended(office.order()),
        saying="register is of project other-project",
        because="not-trusted",
    )


def test_a_desk_of_another_project_is_not_heard(served: Any) -> None:
    """The other project's register has the same root and the same desk in it."""
    office = served.office
    served.start()
    office.reissue(version=2, project="other-project")
    with pytest.raises(CustodianRefused, match="of project other-project, not of vpp-demo") as caught:
        office.open_suspended(office.order(), of=served.custody())
    assert caught.value.reasons == ("other-project",)


@pytest.mark.parametrize("one", [("other-project", 1), ("vpp-demo", 2)], ids=["project", "round"])
def test_everything_that_one_project_or_round_allows_is_worth_nothing_to_the_custodian_of_another(
    office: Any, tmp_path: Path, one: tuple[str, int]
) -> None:
    """The same custodian's key serves both; the order, the keys and the spine are those of a release that the first allows."""
    order = office.order()
    assert office.open_suspended(order)
    other = Custodian(
        tmp_path / "other",
        identity=office.cast.people["custodian/1"],
        root=office.cast.root,
        one=Round(*one, office.desk.one.schema_digest),
        clock=lambda: office.now,
    )
    try:
        for asked in (order, dataclasses.replace(order, request=office.request(project=one[0]))):
            with pytest.raises(CustodianRefused):
                office.open_suspended(asked, of=other)
            with pytest.raises(CustodianRefused):
                other.open_spine(asked, header=office.spine())
        assert {e.kind for e in other.state.log.events()} == {"column-key-refused"}
    finally:
        other.close()


def test_the_custodian_of_another_name_is_not_asked_in_this_ones_place(served: Any) -> None:
    """A call for custodian/2, carried to custodian/1."""
    served.start()
    second = Identity.make("custodian/2").public
    with pytest.raises(Exception, match="does not answer"):
        served.custody(custodian=second).status()
    served.stop()
    assert served.office.trace()[-1] == ("column-key-refused", "other-custodian")


def test_by_command_a_request_for_another_project_is_not_even_decided(allowed: Any) -> None:
    p = allowed
    told = p.decide(p.request("elsewhere", project="another-project"), request_id="request-2")
    assert (told.code, told.out) == (BAD_INPUT, "")
    assert "for another project" in told.err
    assert p.release(*p.keeper, request_id="request-2").code == BAD_INPUT
    assert not (p.folder / "out").exists()
