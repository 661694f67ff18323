"""What can go wrong on the web side: one table of stable codes and their HTTP statuses.

Handlers raise `Problem(code)`; the middleware of `server.security` makes the answer of it. Codes of the domain
stand here too, because here they get their status. The words a person reads are in the catalogues under
`error.<code>`, and a test holds that every code has its words.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

STATUS: Final[Mapping[str, int]] = MappingProxyType(
    {
        # Who asks.
        "token_missing": 401,
        "token_invalid": 401,
        "token_foreign": 401,
        "token_expired": 401,
        "token_revoked": 401,
        "forbidden": 403,
        "wrong_room": 403,
        "session_not_yours": 403,
        "invitation_needed": 403,
        "origin_foreign": 403,
        # What is asked for.
        "not_found": 404,
        "conference_unknown": 404,
        "room_unknown": 404,
        "booth_unknown": 404,
        "channel_unknown": 404,
        "session_unknown": 404,
        "sent_elsewhere": 410,
        "alarm_unknown": 404,
        "push_unknown": 404,
        "recording_unknown": 404,
        "recording_not_public": 403,
        "method_not_allowed": 405,
        "item_unknown": 404,
        "paper_unknown": 404,
        "livestream_off": 404,
        "track_unknown": 404,
        "segment_unknown": 404,
        # How it is asked.
        "request_invalid": 400,
        "offer_malformed": 400,
        "offer_unsupported": 422,
        "offer_is_publish": 422,
        "offer_is_subscribe": 422,
        "sdp_malformed": 400,
        "sdp_too_large": 413,
        "sdp_too_many_media": 422,
        "sdp_data_channel": 422,
        "sdp_not_webrtc": 422,
        "sdp_no_bundle": 422,
        "sdp_no_rtcp_mux": 422,
        "sdp_setup_active": 422,
        "sdp_no_audio": 422,
        "sdp_no_opus": 422,
        "original_invalid": 400,
        "pictures_invalid": 400,
        "name_invalid": 400,
        "push_target_invalid": 400,
        "push_configured": 409,
        "push_too_many": 409,
        "fragment_malformed": 400,
        "fragment_too_large": 413,
        "etag_stale": 412,
        "if_match_missing": 428,
        "directive_invalid": 400,
        "too_far_ahead": 400,
        "range_unsatisfiable": 416,
        "request_timeout": 408,
        "too_large": 413,
        "type_unsupported": 415,
        "too_many_requests": 429,
        # What is laid into a booth.
        "paper_empty": 400,
        "paper_too_large": 413,
        "paper_encoding": 422,
        "paper_not_pdf": 422,
        "paper_not_glossary": 422,
        "glossary_too_large": 422,
        "papers_full": 409,
        # A video message.
        "reel_empty": 400,
        "reel_unknown": 404,
        "reel_too_large": 413,
        "subtitles_too_large": 413,
        "reel_not_media": 422,
        "reel_broken": 422,
        "reel_too_short": 422,
        "reel_too_long": 422,
        "subtitles_invalid": 422,
        "reels_full": 409,
        "reel_not_ready": 409,
        "reel_in_use": 409,
        "reel_failed": 500,
        "disk_full": 507,
        # The chain test.
        "chain_running": 409,
        "chain_disturbed": 409,
        "room_on_air": 409,
        "room_live": 409,
        # How we are.
        "internal": 500,
        "download_failed": 500,
        "store_unavailable": 503,
        "chain_broken": 503,
        "overloaded": 503,
        "livestream_starting": 503,
        "livestream_stalled": 503,
        "stopping": 503,
        # A WebSocket's end.
        "revoked": 403,
        "expired": 403,
        "replaced": 409,
        "too_slow": 408,
        "bad_message": 400,
        # Commands.
        "too_fast": 429,
        "phrase_unknown": 409,
        "questions_full": 409,
        "question_unknown": 409,
        "command_unknown": 400,
        "command_invalid": 400,
        "not_in_booth": 409,
        "language_unknown": 409,
        "language_not_in_booth": 409,
        "partner_on_air": 409,
        "channel_engaged": 409,
        "outgoing_while_on_air_engaged": 409,
        "not_on_air": 409,
        "incoming_is_own_outgoing": 409,
        "relay_cycle": 409,
        "no_handover": 409,
        "handover_pending": 409,
        "not_yours_to_accept": 409,
        "not_accepted": 409,
        "nobody_to_hand_over_to": 409,
        "source_unknown": 409,
        "channel_shared": 409,
        "on_air": 409,
        "intercom_full": 409,
        # The workshop.
        "removed": 403,
        "not_in_room": 409,
        "person_unknown": 409,
        "door_closed": 403,
        "name_needed": 403,
        "room_full": 409,
        "not_admitted": 409,
        "not_seated": 409,
        "not_backstage": 409,
        "not_present": 409,
        "floor_full": 409,
        "no_floor": 409,
        "muted_by_moderator": 409,
        "hands_full": 409,
        "hand_unknown": 409,
        "seconds_invalid": 409,
        "trim_invalid": 409,
        "no_playout": 409,
        "playout_running": 409,
        "recording_off": 409,
        "no_next_item": 409,
        "call_unknown": 409,
    }
)

# The fallback by status, for what the engine and aiohttp refuse under codes of their own.
_BY_STATUS: Final[Mapping[int, str]] = MappingProxyType(
    {
        400: "request_invalid",
        401: "token_missing",
        403: "forbidden",
        404: "not_found",
        405: "method_not_allowed",
        408: "request_timeout",
        413: "too_large",
        415: "type_unsupported",
        422: "offer_unsupported",
        429: "too_many_requests",
        503: "overloaded",
    }
)


class Problem(Exception):
    """A refused request: `code` is stable, `status` is HTTP's, `headers` go with the answer."""

    def __init__(self, code: str, status: int | None = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.status = STATUS.get(code, 500) if status is None else status
        self.headers: Mapping[str, str] = headers or {}


def code_of(status: int) -> str:
    """Return the general code for an HTTP status."""
    return _BY_STATUS.get(status, "internal" if status >= 500 else "request_invalid")
