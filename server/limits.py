"""Limits on what one caller may ask: token buckets by address, and bodies bounded in size and time.

Addresses are kept in memory only, as long as their bucket is not full again, and never logged.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from math import ceil
from typing import Final

from aiohttp import web

from server.config_proxies import Networks, first_untrusted, plain_address
from server.problems import Problem

BODY_TIMEOUT_S = 10.0
SDP_MAX_BYTES: Final = 64 * 1024
ADDRESS: Final = web.RequestKey("address", str)
"""What stands for the caller's address in all limits; the access table sets it."""
FRAGMENT_MAX_BYTES: Final = 16 * 1024
JSON_MAX_BYTES: Final = 4 * 1024


@dataclass(frozen=True, slots=True)
class Rate:
    """So many at once, and so many a second for ever."""

    burst: float
    per_s: float


@dataclass(slots=True)
class Bucket:
    """A token bucket; time is passed in, in seconds of any monotonic clock."""

    rate: Rate
    tokens: float
    at: float

    @classmethod
    def full(cls, rate: Rate, now: float) -> Bucket:
        """Return a bucket from which a whole burst can be taken."""
        return cls(rate, rate.burst, now)

    def take(self, now: float, cost: float = 1.0) -> float:
        """Take as many tokens as something costs and return 0.0, or return in how many seconds they will be there."""
        self.refill(now)
        if self.tokens >= cost:
            self.tokens -= cost
            return 0.0
        return (cost - self.tokens) / self.rate.per_s

    def refill(self, now: float) -> bool:
        """Bring the bucket up to date; True when it is full again."""
        self.tokens = min(self.rate.burst, self.tokens + max(0.0, now - self.at) * self.rate.per_s)
        self.at = now
        return self.tokens >= self.rate.burst


class RateLimits:
    """One bucket for each kind of request and address, as `address_key` gives it.

    A hall stands behind one address, so the rates of listening are a crowd's, not a person's. At most
    `max_buckets` are kept; when they are all in use, those not full are still honoured and the newcomer shares
    one bucket with all other newcomers, so that memory stays bounded under a flood of addresses.
    """

    def __init__(self, rates: Mapping[str, Rate], clock: Callable[[], float], max_buckets: int = 20_000) -> None:
        self._rates = rates
        self._clock = clock
        self._max = max_buckets
        self._buckets: dict[tuple[str, str], Bucket] = {}

    def check(self, kind: str, address: str) -> None:
        """Raise Problem too_many_requests (429 with Retry-After in whole seconds) when the bucket is empty."""
        now = self._clock()
        wait_s = self._bucket(kind, address, now).take(now)
        if wait_s > 0:
            raise Problem("too_many_requests", headers={"Retry-After": str(ceil(wait_s))})

    def _bucket(self, kind: str, key: str, now: float) -> Bucket:
        bucket = self._buckets.get((kind, key))
        if bucket is None:
            if len(self._buckets) >= self._max:
                self._sweep(now)
            if len(self._buckets) >= self._max:
                key = "*"
            bucket = self._buckets.setdefault((kind, key), Bucket.full(self._rates[kind], now))
        return bucket

    def _sweep(self, now: float) -> None:
        full = [key for key, bucket in self._buckets.items() if bucket.refill(now)]
        for key in full:
            del self._buckets[key]


def address_key(address: str | None) -> str:
    """Return what stands for an address in the limits: an IPv4 address, or the /64 of an IPv6 one (RFC 6177)."""
    parsed = plain_address(address)
    if parsed is None:
        return "unknown"
    return str(parsed if parsed.version == 4 else ip_network((parsed, 64), strict=False).network_address)


async def read_body(request: web.Request, max_bytes: int, timeout_s: float | None = None) -> bytes:
    """Return the body.

    Raises Problem too_large (413) past `max_bytes`, before reading when Content-Length says so, request_invalid (400)
    for one that cannot be read, and request_timeout (408) when it is not there after `timeout_s`, without one after
    `BODY_TIMEOUT_S`.
    """
    if (request.content_length or 0) > max_bytes:
        raise Problem("too_large", headers={"Connection": "close"})
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S if timeout_s is None else timeout_s):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > max_bytes:
                    raise Problem("too_large", headers={"Connection": "close"})
    except web.RequestPayloadError:
        raise Problem("request_invalid", headers={"Connection": "close"}) from None
    except TimeoutError:
        raise Problem("request_timeout", headers={"Connection": "close"}) from None
    return bytes(body)


def require_type(request: web.Request, content_type: str, accept: str = "Accept-Post") -> None:
    """Raise Problem type_unsupported (415) unless the body is of this media type, parameters apart.

    `accept` is the header of the answer that says what would do.
    """
    if request.headers.get("Content-Type", "").partition(";")[0].strip().lower() != content_type:
        raise Problem("type_unsupported", headers={accept: content_type})


def client_address(request: web.Request, trusted: Networks) -> str | None:
    """Return the caller's address; behind a trusted proxy, the one it speaks for. Limits are all it is used for."""
    # Of several lines of the header the last was written by whoever stands nearest.
    forwarded = ",".join(request.headers.getall("X-Forwarded-For", ()))
    return first_untrusted(request.remote, forwarded, trusted)


def is_loopback(address: str | None) -> bool:
    """Tell whether an address is this machine's own."""
    parsed = plain_address(address)
    return parsed is not None and parsed.is_loopback
