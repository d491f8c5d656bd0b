import pytest

from policies.canonical import digest
from policies.errors import VocabularyError
from policies.terms import (
    FORM_DUTIES,
    RECORDED,
    TERMS,
    UNDERSTOOD,
    VERSION,
    WINDOWS,
    finer,
    phrase,
    term,
    understood,
    words,
)
from policies.vocabulary import WORDS


def vocabulary_digest() -> str:
    """The digest of every word and its meaning. It changes exactly when the vocabulary does."""
    return digest({"version": VERSION, "words": WORDS})


def test_the_words_of_this_version_have_not_changed():
    """Adding, removing or rewording a word makes a new version: give it a new name, and record its digest beside the others."""
    assert vocabulary_digest() == RECORDED[VERSION]


def test_every_version_has_a_digest_of_its_own():
    assert len(set(RECORDED.values())) == len(RECORDED) >= 2
    assert list(RECORDED)[-1] == VERSION


@pytest.mark.parametrize("kind", sorted(WORDS))
def test_adding_removing_or_rewording_a_word_of_any_kind_is_noticed(kind, monkeypatch):
    table = WORDS[kind]
    first = table.strip().splitlines()[0]
    for altered in (
        f"{table}more | more | More.\n",
        table.replace(first, ""),
        table.replace(first, first[:-1]),
    ):
        monkeypatch.setitem(WORDS, kind, altered)
        assert vocabulary_digest() != RECORDED[VERSION]
    monkeypatch.setitem(WORDS, kind, table)
    assert vocabulary_digest() == RECORDED[VERSION]


def test_every_word_has_a_phrase_and_one_plain_sentence():
    for kind, table in TERMS.items():
        for word, meaning in table.items():
            assert meaning.phrase, (kind, word)
            assert meaning.sentence.endswith("."), (kind, word)
            assert meaning.sentence[0].isupper() or meaning.sentence[0].isdigit(), (kind, word)
            assert ". " not in meaning.sentence.replace("s. ", "s."), (kind, word)


def test_no_word_is_both_allowed_and_never_allowed():
    assert not set(words("purpose")) & set(words("never-purpose"))
    assert not set(words("form")) & set(words("never-form"))


def test_an_unknown_word_is_answered_with_the_nearest_one():
    with pytest.raises(VocabularyError, match="Did you mean “analyst”"):
        term("analist", kind="role")
    with pytest.raises(VocabularyError, match="not a kind of word"):
        words("colour")


def test_areas_are_ordered_from_coarse_to_fine():
    assert finer("LSOA", than="ward")
    assert not finer("whole-area", than="ward")
    assert not finer("ward", than="ward")
    with pytest.raises(VocabularyError):
        finer("street", than="ward")


def test_rows_of_people_always_stay_in_the_secure_setting():
    assert "secure-setting" in FORM_DUTIES["pseudonymised-extract"]
    assert all("no-reid" in duties for duties in FORM_DUTIES.values())


def test_an_unknown_word_inside_a_sentence_is_quoted():
    assert phrase("person-list", kind="form") == "“person-list”"


def test_lengths_of_windows_rise():
    assert list(WINDOWS) == sorted(set(WINDOWS))
    assert WINDOWS[0] >= 7


def test_the_version_before_has_the_same_words_with_the_same_meaning():
    came = {"limit": {"exact-counts"}, "period": set(words("period"))}
    before = {}
    for kind, table in WORDS.items():
        head, *rows = table.split("\n")
        kept = [row for row in rows if row.split(" | ")[0] not in came.get(kind, set())]
        if any(kept):
            before[kind] = "\n".join([head, *kept])
    assert digest({"version": "vpp-vocab@2", "words": before}) == RECORDED["vpp-vocab@2"]
    assert UNDERSTOOD == ("vpp-vocab@2", VERSION)
    assert not understood("vpp-vocab@1")
