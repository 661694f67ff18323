"""Strict reading of tables from a configuration file: each key is known, of its type, and in its bounds.

A `Table` is asked for its keys one by one and, at the end, refuses those nobody asked for. Every complaint is a
`ConfigError` with the key's full path, so that a person mends the file without reading this code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from interpreting.languages import Language, parse_language

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")


class ConfigError(Exception):
    """A setting that cannot stand. `key` is where, `wrong` is what, `mend` is what to write instead."""

    def __init__(self, key: str, wrong: str, mend: str) -> None:
        super().__init__(f"{key}: {wrong}. {mend}")
        self.key = key
        self.wrong = wrong
        self.mend = mend


class Table:
    """One table of the file, `path` being its name in complaints; `names` renames keys that came from elsewhere."""

    def __init__(self, values: Mapping[str, Any], path: str = "", names: Mapping[str, str] | None = None) -> None:
        self._values = values
        self._path = path
        self._names = names or {}
        self._known: set[str] = set()

    def key(self, name: str) -> str:
        """Return the full name of a key, as complaints give it."""
        if name in self._names:
            return self._names[name]
        return f"{self._path}.{name}" if self._path else name

    def text(self, name: str, default: str | None = None) -> str:
        """Return a string; without a default it must be there and not empty."""
        value = self._get(name, default)
        if not isinstance(value, str):
            raise ConfigError(self.key(name), f"{value!r} is no text", "Put it in quotation marks")
        if default is None and not value.strip():
            raise ConfigError(self.key(name), "it is empty", "Write something there")
        return value.strip()

    def port(self, name: str, default: int) -> int:
        """Return a port number, 0 to 65535; 0 leaves the choice to the system."""
        value = self._get(name, default)
        if isinstance(value, str) and value.isascii() and value.isdigit():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 65535:
            raise ConfigError(
                self.key(name), f"{value!r} is no port", f"Write a number from 1 to 65535, such as {default}"
            )
        return value

    def whole(self, name: str, default: int, least: int, most: int) -> int:
        """Return a whole number from `least` to `most`."""
        value = self._get(name, default)
        if isinstance(value, str) and value.isascii() and value.isdigit():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise ConfigError(
                self.key(name), f"{value!r} will not do", f"Write a whole number, {least} to {most}, such as {default}"
            )
        return value

    def flag(self, name: str, default: bool) -> bool:
        """Return true or false."""
        value = self._get(name, default)
        if isinstance(value, str):
            # As the environment says it.
            value = {"true": True, "1": True, "false": False, "0": False}.get(value.strip().lower(), value)
        if not isinstance(value, bool):
            raise ConfigError(self.key(name), f"{value!r} is neither true nor false", "Write true or false")
        return value

    def texts(self, name: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """Return a list of strings, none twice; one string with commas stands for a list."""
        value = self._get(name, default)
        if isinstance(value, str):
            value = [part.strip() for part in value.split(",") if part.strip()]
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            raise ConfigError(self.key(name), "it is no list of texts", 'Write it as ["one", "two"]')
        if len(set(value)) != len(value):
            raise ConfigError(self.key(name), "something stands in it twice", "Leave each one in once")
        return tuple(value)

    def slug(self, name: str) -> str:
        """Return an id fit for an address: small letters, digits and hyphens."""
        value = self.text(name)
        if not _SLUG.fullmatch(value):
            raise ConfigError(
                self.key(name),
                f"{value!r} cannot stand in an address",
                "Use a to z, 0 to 9 and hyphens inside, at most 64 of them",
            )
        return value

    def language(self, name: str) -> Language:
        """Return a language."""
        return checked_language(self.key(name), self.text(name))

    def languages(self, name: str) -> tuple[Language, ...]:
        """Return a list of languages, at least one, none twice."""
        tags = tuple(checked_language(self.key(name), tag) for tag in self.texts(name))
        if not tags:
            raise ConfigError(self.key(name), "no language is named", 'Name at least one, such as ["de"]')
        return tags

    def mapping(self, name: str) -> dict[str, str]:
        """Return a table of texts; empty when it is not there."""
        value = self._get(name, {})
        if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
            raise ConfigError(self.key(name), "it is no table of texts", 'Write it as { de = "…", en = "…" }')
        return value

    def tables(self, name: str) -> list[Table]:
        """Return the tables of an array of tables; empty when there are none."""
        value = self._get(name, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            header = re.sub(r"\[\d+\]", "", self.key(name))
            raise ConfigError(self.key(name), "it is no list of tables", f"Begin each with [[{header}]]")
        return [Table(item, f"{self.key(name)}[{number}]") for number, item in enumerate(value, 1)]

    def table(self, name: str) -> Table:
        """Return a table of its own, empty when it is not there. What came from elsewhere is named `name.key`."""
        value = self._get(name, {})
        if not isinstance(value, dict):
            raise ConfigError(self.key(name), "it is no table", f"Begin it with [{self.key(name)}]")
        names = {key.removeprefix(f"{name}."): told for key, told in self._names.items() if key.startswith(f"{name}.")}
        return Table(value, self.key(name), names)

    def close(self) -> None:
        """Raise ConfigError for a key that was never asked for."""
        for name in self._values:
            if name not in self._known:
                known = ", ".join(sorted(self._known))
                raise ConfigError(self.key(name), "no such setting", f"Remove it, or write one of: {known}")

    def _get(self, name: str, default: object) -> Any:
        self._known.add(name)
        value = self._values.get(name, default)
        if value is None:
            raise ConfigError(self.key(name), "it is missing", "Add it")
        return value


def checked_language(key: str, tag: str) -> Language:
    """Return `tag` when it is a language we can name a channel by, else raise ConfigError for `key`."""
    try:
        return parse_language(tag)
    except ValueError as error:
        raise ConfigError(key, str(error), 'Write a tag in small letters, such as "de", "uk" or "pt-br"') from error
