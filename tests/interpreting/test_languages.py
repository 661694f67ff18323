"""Language tags and their names of themselves."""

import pytest

from interpreting.languages import FLOOR, endonym, parse_language
from tests.interpreting.plenary import PL, UK


@pytest.mark.parametrize("text", ["de", "uk", "gsw", "sr-latn", "de-1996"])
def test_a_tag_is_read_as_it_is(text: str) -> None:
    assert parse_language(text) == text


@pytest.mark.parametrize("text", ["", "DE", "d", "ukrainian", FLOOR, "ua", "de+floor", "de/x", "de ", "de\n", "de_AT"])
def test_what_is_no_tag_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="'"):
        parse_language(text)


def test_a_language_names_itself() -> None:
    assert endonym(UK) == "Українська"


def test_a_language_without_a_known_name_shows_its_tag() -> None:
    assert endonym(PL) == "pl"
