"""What is told of the guard of the outgoing language.

[languages]
detector = ""    # TOLMACH_LANGUAGE_DETECTOR, a command line (see server/language_detector.py); "" is none
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Final

from server.config_table import ConfigError, Table

ENVIRONMENT: Final = {"languages.detector": "TOLMACH_LANGUAGE_DETECTOR"}


@dataclass(frozen=True, slots=True)
class LanguagesConfig:
    """`detector` is a command line, "" for none."""

    detector: str = ""


def parse_languages(table: Table) -> LanguagesConfig:
    """Read the settings from the top of the file. Raises ConfigError."""
    own = table.table("languages")
    config = LanguagesConfig(own.text("detector", ""))
    try:
        shlex.split(config.detector)
    except ValueError as error:
        raise ConfigError(
            own.key("detector"), "a quotation is open", "Write it as in a shell, without pipes"
        ) from error
    own.close()
    return config
