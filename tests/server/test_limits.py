"""Token buckets, addresses, and bodies that are too long or do not come."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.limits import Bucket, Rate, RateLimits, address_key
from server.problems import Problem
from tests.fakes import ManualClock
from tests.server.conftest import Site


def test_a_bucket_gives_its_burst_and_then_its_rate() -> None:
    bucket = Bucket.full(Rate(burst=2, per_s=4), now=0.0)
    assert [bucket.take(0.0), bucket.take(0.0)] == [0.0, 0.0]
    assert bucket.take(0.0) == pytest.approx(0.25)
    assert bucket.take(0.25) == 0.0
    assert bucket.take(0.25) > 0


@given(st.lists(st.floats(min_value=-1, max_value=5), max_size=50))
def test_never_more_than_burst_and_rate(steps: list[float]) -> None:
    now, taken, bucket = 0.0, 0, Bucket.full(Rate(burst=3, per_s=2), 0.0)
    elapsed = 0.0
    for step in steps:
        now += step
        elapsed += max(0.0, step)
        taken += bucket.take(now) == 0.0
    assert taken <= 3 + 2 * elapsed + 1e-6


def test_addresses_have_buckets_of_their_own() -> None:
    limits = RateLimits({"page": Rate(1, 0.5)}, ManualClock())
    limits.check("page", "192.0.2.1")
    limits.check("page", "192.0.2.2")
    with pytest.raises(Problem) as refusal:
        limits.check("page", "192.0.2.1")
    assert (refusal.value.status, refusal.value.headers["Retry-After"]) == (429, "2")


def test_a_flood_of_addresses_takes_no_more_memory() -> None:
    clock = ManualClock()
    limits = RateLimits({"page": Rate(2, 1)}, clock, max_buckets=10)
    for number in range(10):
        limits.check("page", f"192.0.2.{number}")
    limits.check("page", "192.0.2.100")
    limits.check("page", "192.0.2.101")
    with pytest.raises(Problem):
        limits.check("page", "192.0.2.102")
    clock.at += 60
    limits.check("page", "192.0.2.103")


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        (None, "unknown"),
        ("somewhere", "unknown"),
    ],
)
def test_an_address_counts_by_who_can_have_it(address: str | None, key: str) -> None:
    assert address_key(address) == key


async def test_too_many_requests_are_told_when_to_come_back(site: Site) -> None:
    statuses = [(await site.client.options("/whip/plenary")).status for _ in range(61)]
    assert statuses == [204] * 60 + [429]
    answer = await site.client.options("/whip/plenary")
    assert answer.headers["Retry-After"] == "1"
    others = await site.client.options("/whip/plenary", headers={"X-Forwarded-For": "192.0.2.7"})
    assert others.status == 204


async def test_a_body_that_does_not_come_is_given_up(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.limits.BODY_TIMEOUT_S", 0.05)
    port = site.client.port
    assert port is not None
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        b"POST /whep/plenary/de HTTP/1.1\r\nHost: h\r\nContent-Type: application/sdp\r\nContent-Length: 9\r\n\r\nv="
    )
    async with asyncio.timeout(30):
        assert (await reader.readline()).startswith(b"HTTP/1.1 408")
    writer.close()
    await writer.wait_closed()
