"""The board's constitution: seats, terms, quorum; and what it may not say."""

from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import pytest

from ethics.board import Constitution, read_constitution
from ethics.errors import BadDocument
from tests.made_up_board import demo_constitution

TEXT = files("ethics").joinpath("library", "board.yaml").read_text(encoding="utf-8")


def read(tmp_path: Path, text: str) -> Constitution:
    path = tmp_path / "board.yaml"
    path.write_text(text, encoding="utf-8")
    return read_constitution(path)


def test_the_demonstration_board_has_seven_seats_named_by_role() -> None:
    board = demo_constitution()
    assert len(board.members) == 7
    assert all(one.id.startswith("board/") for one in board.members)
    assert board.member(board.chair) is not None
    assert board.member("board/nobody") is None


def test_a_term_begins_on_its_first_day_and_is_over_on_its_last() -> None:
    member = demo_constitution().members[0]
    assert not member.serves(datetime(2025, 8, 31, 23, 59, tzinfo=UTC))
    assert member.serves(datetime(2025, 9, 1, tzinfo=UTC))
    assert member.serves(datetime(2029, 8, 31, 23, 59, tzinfo=UTC))
    assert not member.serves(datetime(2029, 9, 1, tzinfo=UTC))
    assert member.serves(datetime.fromisoformat("2029-09-01T00:30:00+01:00"))


def test_what_is_short_of_a_quorum_is_said_in_sentences() -> None:
    board = demo_constitution()
    assert board.short_of_quorum(board.members) == []
    assert board.short_of_quorum(board.members[:4]) == [
        "4 of at least 5 members without a conflict are present",
        "0 of at least 2 lay or community members are present",
    ]
    police = tuple(one.model_copy(update={"employed_by_police": True}) for one in board.members)
    assert board.short_of_quorum(police) == ["0 of at least 2 members not employed by the police are present"]


def test_the_digest_is_that_of_the_content_and_not_of_the_layout(tmp_path: Path) -> None:
    assert read(tmp_path, "# another comment\n" + TEXT).digest == demo_constitution().digest
    assert read(tmp_path, TEXT.replace("version: 1", "version: 2")).digest != demo_constitution().digest


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("present: 5", "present: 4", "quorum.present"),
        ("lay_or_community: 2", "lay_or_community: 1", "quorum.lay_or_community"),
        ("not_employed_by_police: 2", "not_employed_by_police: 0", "quorum.not_employed_by_police"),
        ("present: 5", "present: 8", "could not make a quorum: 7 of at least 8"),
        ("chair: board/ethicist", "chair: board/nobody", "the chair board/nobody is no member"),
        ("id: board/lay-2", "id: board/lay-1", "board/lay-1 sits on the board twice"),
        ("id: board/lay-2", "id: Jo Bloggs", "members.5.id"),
        ("until: 2030-03-01", "until: 2026-03-01", "ends before it begins"),
        ("until: 2030-03-01", "until: 2036-03-01", "longer than 8 years"),
        ("kind: community", "kind: police", "members.6.kind"),
        ("employed_by_police: true, ", "", "members.3.employed_by_police"),
        ("board: linkage-board/v1", "board: linkage-board/v2", "board.yaml: board:"),
    ],
)
def test_a_wrong_constitution_is_refused_with_the_place(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in TEXT
    with pytest.raises(BadDocument) as refused:
        read(tmp_path, TEXT.replace(old, new))
    assert says in str(refused.value)
    assert str(refused.value).startswith("board.yaml")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadDocument, match=r"none\.yaml"):
        read_constitution(tmp_path / "none.yaml")
