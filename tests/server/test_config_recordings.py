"""What the configuration says of recordings: a table of its own, overruled by the environment, and strict."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.config import Config, ConfigError, load_config
from server.config_recordings import RecordingsConfig

SECRET = "0123456789abcdef0123456789abcdef"


def load(tmp_path: Path, text: str, **environment: str) -> Config:
    file = tmp_path / "tolmach.toml"
    file.write_text(text, "utf-8")
    return load_config(file, {"TOLMACH_DATA": str(tmp_path), "TOLMACH_SECRET": SECRET, **environment})


def test_a_month_is_the_default(tmp_path: Path) -> None:
    assert load(tmp_path, "").recordings == RecordingsConfig(keep_days=30, min_free_mb=1024)


def test_the_environment_overrules_the_table_key_by_key(tmp_path: Path) -> None:
    text = "[recordings]\nkeep_days = 7\nmin_free_mb = 50\n"
    assert load(tmp_path, text).recordings == RecordingsConfig(7, 50)
    assert load(tmp_path, text, TOLMACH_RECORDINGS_KEEP_DAYS="90").recordings == RecordingsConfig(90, 50)
    assert load(tmp_path, "", TOLMACH_RECORDINGS_MIN_FREE_MB="10").recordings == RecordingsConfig(30, 10)


@pytest.mark.parametrize(
    ("text", "environment", "key"),
    [
        ("[recordings]\nkeep_days = 0\n", {}, "recordings.keep_days"),
        ("[recordings]\nkeep_days = 'long'\n", {}, "recordings.keep_days"),
        ("[recordings]\nmin_free_mb = -1\n", {}, "recordings.min_free_mb"),
        ("[recordings]\nkeep_dys = 3\n", {}, "recordings.keep_dys"),
        ("recordings = 3\n", {}, "recordings"),
        ("recordings = 3\n", {"TOLMACH_RECORDINGS_KEEP_DAYS": "9"}, "recordings"),
        ("", {"TOLMACH_RECORDINGS_KEEP_DAYS": "never"}, "TOLMACH_RECORDINGS_KEEP_DAYS"),
    ],
)
def test_a_mistake_is_named_where_it_was_made(tmp_path: Path, text: str, environment: dict[str, str], key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text, **environment)
    assert caught.value.key == key
