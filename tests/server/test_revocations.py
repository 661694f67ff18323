"""Withdrawn invitations stay withdrawn, whatever becomes of the store."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.revocations import Revocations
from server.store.sqlite import SqliteStore
from tests.fakes import FlakyStore


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[FlakyStore]:
    async with SqliteStore.open(tmp_path / "first.sqlite3") as real:
        yield FlakyStore(real)


async def nothing(_: frozenset[str]) -> None:
    """Nobody is told."""


async def test_an_emptied_store_lets_nobody_back_in(store: FlakyStore, tmp_path: Path) -> None:
    revocations = Revocations(store, nothing)
    await store.revoke("withdrawn", time.time() + 60)
    await revocations.look()
    async with SqliteStore.open(tmp_path / "empty.sqlite3") as empty:
        store.store = empty
        assert await revocations.is_revoked("withdrawn")
        await revocations.look()
        assert await empty.is_revoked("withdrawn")
        assert not await revocations.is_revoked("another")


async def test_without_the_store_what_is_known_counts(store: FlakyStore) -> None:
    revocations = Revocations(store, nothing)
    await store.revoke("withdrawn", time.time() + 60)
    await revocations.look()
    store.is_down = True
    await revocations.look()
    assert not revocations.is_store_reachable
    assert await revocations.is_revoked("withdrawn")
    assert not await revocations.is_revoked("another")
