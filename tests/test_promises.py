"""docs/hostile.md and docs/console.md name tests: all of them exist."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(("page", "least"), [("hostile.md", 41), ("console.md", 20)])
def test_every_test_that_a_promise_names_exists(page: str, least: int) -> None:
    named = set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", (ROOT / "docs" / page).read_text("utf-8")))
    missing = []
    for file, name in sorted(named):
        tree = ast.parse((ROOT / file).read_text("utf-8")) if (ROOT / file).exists() else ast.Module([], [])
        known = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)} | {""}
        if not tree.body or name not in known:
            missing.append(f"{file}::{name}")
    assert len(named) >= least
    assert missing == []
