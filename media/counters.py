"""Counters of what was dropped and why. Plain numbers, told and never logged with an address."""

from dataclasses import dataclass


@dataclass(slots=True)
class Drops:
    """Datagrams that reached nobody, by reason, since the start."""

    empty: int = 0
    stranger: int = 0
    unknown_kind: int = 0
    shed: int = 0
    address_taken: int = 0
    checks_too_many: int = 0
    failed: int = 0
    stun_malformed: int = 0
    stun_unknown_ufrag: int = 0
    stun_username: int = 0
    stun_integrity: int = 0
    before_keys: int = 0
    media_malformed: int = 0
    unknown_payload: int = 0
    send_full: int = 0
