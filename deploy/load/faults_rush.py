from collections.abc import AsyncIterator
from pathlib import Path
async def rush(folder: Path) -> AsyncIterator[tuple[str, float]]:
    yield "x", 1
