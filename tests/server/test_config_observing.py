"""What is told of logs, log book and traces: defaults, file, environment, and complaints that name the key."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.config import load_config
from server.config_observing import LogFormat, ObservingConfig
from server.config_table import ConfigError
from tests.server.conftest import SECRET


def observing(tmp_path: Path, file: str = "", **environ: str) -> ObservingConfig:
    written = tmp_path / "tolmach.toml"
    written.write_text(file)
    return load_config(written, {"TOLMACH_DATA": str(tmp_path), "TOLMACH_SECRET": SECRET, **environ}).observing


def test_nothing_said_is_text_for_people_and_no_traces(tmp_path: Path) -> None:
    assert observing(tmp_path) == ObservingConfig(LogFormat.TEXT, "info", 90, None)


def test_the_file_and_the_environment_above_it(tmp_path: Path) -> None:
    file = (
        '[log]\nformat = "json"\nlevel = "warning"\n[logbook]\nkeep_days = 7\n[tracing]\nendpoint = "http://here:4318"'
    )
    found = observing(tmp_path, file, TOLMACH_LOG_LEVEL="debug")
    assert found == ObservingConfig(LogFormat.JSON, "debug", 7, "http://here:4318")


@pytest.mark.parametrize(
    ("file", "key"),
    [
        ('[log]\nformat = "xml"', "log.format"),
        ('[log]\nlevel = "loud"', "log.level"),
        ("[logbook]\nkeep_days = 0", "logbook.keep_days"),
        ('[tracing]\nendpoint = "here"', "tracing.endpoint"),
        ("[log]\ncolour = true", "log.colour"),
    ],
)
def test_what_cannot_stand_is_named(tmp_path: Path, file: str, key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        observing(tmp_path, file)
    assert caught.value.key == key


def test_a_complaint_of_the_environment_names_the_variable(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="TOLMACH_LOG_FORMAT"):
        observing(tmp_path, TOLMACH_LOG_FORMAT="xml")
