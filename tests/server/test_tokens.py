"""Invitations: what one says comes back, and nothing else does."""

from __future__ import annotations

import base64
import json
from typing import Any

import jwt
import pytest

from interpreting.ids import BoothId, PersonId, RoomId
from interpreting.roles import Role
from server.tokens import LEEWAY_S, Invitation, TokenError, issue, read

SECRET = "a secret of more than thirty-two bytes"
NOW = 1_700_000_000.0


def invitation(**changes: Any) -> Invitation:
    given: dict[str, Any] = {"booth": BoothId("de-uk"), "name": "Оксана", "hours": 2, "now": NOW} | changes
    return Invitation.new(RoomId("hall"), Role.INTERPRETER, **given)


def claims(**changes: Any) -> dict[str, Any]:
    good: dict[str, Any] = jwt.decode(issue(SECRET, invitation()), options={"verify_signature": False})
    return {name: value for name, value in (good | changes).items() if value is not ...}


def code_of(token: str, secret: str = SECRET, now: float = NOW) -> str:
    with pytest.raises(TokenError) as refusal:
        read(secret, token, now=now)
    assert str(refusal.value) == refusal.value.code
    return refusal.value.code


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("booth", [None, BoothId("de-uk")])
def test_an_invitation_comes_back_as_it_was(role: Role, booth: BoothId | None) -> None:
    given = Invitation.new(RoomId("hall"), role, booth=booth, name="", hours=0.5, now=NOW)
    assert read(SECRET, issue(SECRET, given), now=NOW) == given
    assert given.expires_at == NOW + 1800


def test_ids_are_random_unless_given() -> None:
    assert invitation().id != invitation().id
    assert invitation().person != invitation().person
    fixed = invitation(id="demo-booth", person=PersonId("demo-oksana"))
    assert (fixed.id, fixed.person) == ("demo-booth", "demo-oksana")
    assert issue(SECRET, fixed) == issue(SECRET, fixed)


@pytest.mark.parametrize("person", ["Олена", "ołena-2", "anna.b@example.org", "x" * 64, "7", "நிலா"])
def test_people_may_be_called_by_letters_of_any_script(person: str) -> None:
    given = invitation(person=PersonId(person))
    assert read(SECRET, issue(SECRET, given), now=NOW).person == person


UNFIT = [
    *({"person": PersonId(text)} for text in ("a b", "a/b", "a:b", ".", "-x", "x" * 65, "a\nb", "a\u202eb", "%41")),
    *({"id": text} for text in ("Олена", "a b", "a;b", "a=b", "x" * 65, "a\r\nb")),
    *({"name": text} for text in ("a\nb", "\x00", "\u2028", "x" * 201, "\ud800")),
]


@pytest.mark.parametrize("unfit", UNFIT, ids=ascii)
def test_ids_and_names_that_could_stand_nowhere_are_refused_when_made_and_when_read(unfit: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^(an invitation's id|a person's id|a name) is "):
        invitation(**unfit)
    claim = {"person": "sub", "id": "jti", "name": "name"}
    token = jwt.encode(claims(**{claim[key]: value for key, value in unfit.items()}), SECRET)
    assert code_of(token) == "token_invalid"


def test_a_token_is_fit_for_a_path_segment() -> None:
    assert set(issue(SECRET, invitation(name="/?#%"))) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
    )


def test_time_and_its_leeway() -> None:
    token = issue(SECRET, invitation())
    end = NOW + 2 * 3600
    assert read(SECRET, token, now=end + LEEWAY_S - 1)
    assert code_of(token, now=end + LEEWAY_S) == "token_expired"
    # The server's clock was set back after the link was made.
    assert read(SECRET, token, now=NOW - 600)


def test_the_clock_is_read_when_no_time_is_given() -> None:
    assert read(SECRET, issue(SECRET, Invitation.new(RoomId("hall"), Role.VIEWER)))
    with pytest.raises(TokenError, match="token_expired"):
        read(SECRET, issue(SECRET, invitation()))


def test_another_key_is_not_ours() -> None:
    assert code_of(issue("another secret of thirty-two bytes!", invitation())) == "token_invalid"


def encoded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def test_no_other_algorithm_is_taken() -> None:
    unsigned = f"{encoded({'alg': 'none', 'typ': 'JWT'})}.{encoded(claims())}."
    assert code_of(unsigned) == "token_invalid"
    assert code_of(jwt.encode(claims(), SECRET * 2, algorithm="HS512"), secret=SECRET * 2) == "token_invalid"


def test_an_altered_token_is_refused() -> None:
    header, _, signature = issue(SECRET, invitation()).split(".")
    assert code_of(f"{header}.{encoded(claims(role='organiser'))}.{signature}") == "token_invalid"
    header, body, signature = issue(SECRET, invitation()).split(".")
    assert code_of(f"{header}.{body}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}") == "token_invalid"
    assert code_of(f"{header}.{body}.") == "token_invalid"


@pytest.mark.parametrize("changes", [{"iss": "elsewhere"}, {"aud": "elsewhere"}, {"aud": ["a", "b"]}])
def test_a_foreign_token_is_told_apart(changes: dict[str, Any]) -> None:
    assert code_of(jwt.encode(claims(**changes), SECRET)) == "token_foreign"


@pytest.mark.parametrize("name", ["iss", "aud", "sub", "jti", "room", "role", "iat", "exp"])
def test_a_claim_missing_is_invalid(name: str) -> None:
    assert code_of(jwt.encode(claims(**{name: ...}), SECRET)) == "token_invalid"


@pytest.mark.parametrize(
    "changes",
    [
        {"role": "queen"},
        {"role": 3},
        {"room": 7},
        {"name": None},
        {"booth": ["de-uk"]},
        {"exp": "tomorrow"},
        {"exp": True},
        {"iat": 1.5},
        {"iat": None},
    ],
)
def test_a_claim_of_another_type_is_invalid(changes: dict[str, Any]) -> None:
    assert code_of(jwt.encode(claims(**changes), SECRET)) == "token_invalid"


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "ä.ö.ü", "\ud800", "x" * 5000, "€" * 100, "\x00"])
def test_junk_is_invalid(token: str) -> None:
    assert code_of(token) == "token_invalid"
