import pytest

from policies.errors import VocabularyError
from policies.terms import FORM_DUTIES, TERMS, VERSION, finer, phrase, term, vocabulary_digest, words


def test_the_words_of_this_version_have_not_changed():
    """Adding, removing or rewording a word makes a new version: give it a new name, and its digest here."""
    known = {"vpp-vocab@1": "sha256:32c9a33f71ccb2f29891014daf03f0c9fa08bd1a860ff68b7714a99b2c6022af"}
    assert vocabulary_digest() == known[VERSION]


def test_every_word_has_a_phrase_and_one_plain_sentence():
    for kind, table in TERMS.items():
        for word, meaning in table.items():
            assert meaning.phrase, (kind, word)
            assert meaning.sentence.endswith("."), (kind, word)


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
