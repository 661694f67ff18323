"""What the server is told: one TOML file, overruled by the environment, checked before anything starts.

`load_config` returns a whole, consistent `Config` or raises `ConfigError`, which names the key, says what is wrong
with it and how to mend it. With neither file nor environment it describes the demo conference.

The file, with the defaults where there are any (conferences are described in `config_rooms.py`, TURN servers in
`config_ice.py`, RTMP in `config_ingest.py`, edges and how many listeners are taken in `config_edges.py`, proxies in
`config_proxies.py`, the livestream in `config_livestream.py`, recordings in `config_recordings.py`, video messages in
`config_reels.py`, the language guard in `config_languages.py`, alarms in `config_alarms.py`, log, log book and traces
in `config_observing.py`):

    host = ""                              # TOLMACH_HOST; "" is every address, IPv4 and IPv6
    port = 8080                            # TOLMACH_PORT, TCP
    udp_host = ""                          # TOLMACH_UDP_HOST
    udp_port = 8080                        # TOLMACH_UDP_PORT, all media
    public_url = "http://localhost:8080"   # TOLMACH_PUBLIC_URL, what links begin with
    public_ips = []                        # TOLMACH_PUBLIC_IPS, by commas; for a server behind address translation
    data = "var"                           # TOLMACH_DATA, folder of the database and the secret
    redis_url = ""                         # TOLMACH_REDIS_URL; "" is SQLite in `data`
    secret = ""                            # TOLMACH_SECRET; "" is one made at the first start and kept in `data`
    web_root = "web"                       # TOLMACH_WEB_ROOT, templates and static files

An empty variable in the environment is one not given. Relative paths are relative to the working directory.
"""

from __future__ import annotations

import ipaddress
import os
import secrets
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from interpreting.ids import RoomId
from server.config_alarms import AlarmsConfig, parse_alarms
from server.config_edges import ENVIRONMENT as EDGES_ENVIRONMENT
from server.config_edges import EdgesConfig, parse_edges
from server.config_ice import IceConfig, parse_ice
from server.config_ingest import ENVIRONMENT as INGEST_ENVIRONMENT
from server.config_languages import ENVIRONMENT as LANGUAGES_ENVIRONMENT
from server.config_languages import LanguagesConfig, parse_languages
from server.config_livestream import ENVIRONMENT as LIVESTREAM_ENVIRONMENT
from server.config_livestream import LivestreamConfig, parse_livestream
from server.config_observing import ENVIRONMENT as OBSERVING_ENVIRONMENT
from server.config_observing import ObservingConfig, parse_observing
from server.config_proxies import ENVIRONMENT as PROXIES_ENVIRONMENT
from server.config_proxies import Networks, parse_proxies
from server.config_recordings import ENVIRONMENT as RECORDINGS_ENVIRONMENT
from server.config_recordings import RecordingsConfig, parse_recordings
from server.config_reels import ENVIRONMENT as REELS_ENVIRONMENT
from server.config_reels import ReelsConfig, parse_reels
from server.config_rooms import BoothConfig, ConferenceConfig, RoomConfig, parse_conferences
from server.config_table import ConfigError, Table

__all__ = ["BoothConfig", "ConferenceConfig", "Config", "ConfigError", "RoomConfig", "load_config"]

MIN_SECRET_BYTES = 32

_ENVIRONMENT = {
    "host": "TOLMACH_HOST",
    "port": "TOLMACH_PORT",
    "udp_host": "TOLMACH_UDP_HOST",
    "udp_port": "TOLMACH_UDP_PORT",
    "public_url": "TOLMACH_PUBLIC_URL",
    "public_ips": "TOLMACH_PUBLIC_IPS",
    "data": "TOLMACH_DATA",
    "redis_url": "TOLMACH_REDIS_URL",
    "secret": "TOLMACH_SECRET",
    "web_root": "TOLMACH_WEB_ROOT",
    "turn_urls": "TOLMACH_TURN_URLS",
    "turn_secret": "TOLMACH_TURN_SECRET",
    "turn_ttl_s": "TOLMACH_TURN_TTL_S",
    **EDGES_ENVIRONMENT,
    **INGEST_ENVIRONMENT,
    **PROXIES_ENVIRONMENT,
    **LANGUAGES_ENVIRONMENT,
    **LIVESTREAM_ENVIRONMENT,
    **OBSERVING_ENVIRONMENT,
    **RECORDINGS_ENVIRONMENT,
    **REELS_ENVIRONMENT,
}


@dataclass(frozen=True, slots=True)
class Config:
    """Everything the server is told. Hosts "" mean every address; `redis_url` None means SQLite in `data`.

    `public_url` has no slash at its end; room ids are unique over all conferences.
    """

    host: str
    port: int
    udp_host: str
    udp_port: int
    public_url: str
    public_ips: tuple[str, ...]
    data: Path
    redis_url: str | None
    secret: str
    web_root: Path
    ice: IceConfig
    edges: EdgesConfig
    rtmp_port: int
    trusted_proxies: Networks
    languages: LanguagesConfig
    livestream: LivestreamConfig
    recordings: RecordingsConfig
    reels: ReelsConfig
    observing: ObservingConfig
    alarms: AlarmsConfig
    conferences: tuple[ConferenceConfig, ...]

    @property
    def rooms(self) -> Mapping[RoomId, RoomConfig]:
        """All rooms of all conferences by id, in their order."""
        return {room.id: room for conference in self.conferences for room in conference.rooms}


def load_config(file: Path | None = None, environ: Mapping[str, str] | None = None) -> Config:
    """Read the file, overrule it by the environment (the process's own unless given) and check it all.

    Makes the data folder, and in it the secret, when they are not there. Raises ConfigError.
    """
    environment = os.environ if environ is None else environ
    given = {key: name for key, name in _ENVIRONMENT.items() if environment.get(name, "").strip()}
    values = _read_toml(file) if file else {}
    for key, name in given.items():
        _overrule(values, key, environment[name])
    table = Table(values, names=given)
    data = _data_folder(table)
    port = table.port("port", 8080)
    config = Config(
        host=table.text("host", ""),
        port=port,
        udp_host=table.text("udp_host", ""),
        udp_port=table.port("udp_port", 8080),
        public_url=_public_url(table, f"http://localhost:{port}"),
        public_ips=_public_ips(table),
        data=data,
        redis_url=_redis_url(table),
        secret=_secret(table, data),
        web_root=_web_root(table),
        ice=parse_ice(table),
        edges=parse_edges(table),
        rtmp_port=table.port("rtmp_port", 0),
        trusted_proxies=parse_proxies(table),
        languages=parse_languages(table),
        livestream=parse_livestream(table),
        recordings=parse_recordings(table),
        reels=parse_reels(table),
        observing=parse_observing(table),
        alarms=parse_alarms(table),
        conferences=parse_conferences(table),
    )
    table.close()
    return config


def _overrule(values: dict[str, Any], key: str, value: str) -> None:
    """Put a value in the place of the file's; `table.key` stands in a table."""
    group, _, leaf = key.rpartition(".")
    if not group:
        values[leaf] = value
    elif isinstance(values.setdefault(group, {}), dict):
        values[group] = {**values[group], leaf: value}


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(str(file), f"cannot be read ({error.strerror})", "Check the path") from error
    except UnicodeDecodeError as error:
        raise ConfigError(str(file), "is not UTF-8", "Save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(str(file), f"is not TOML: {error}", "Mend that line") from error


def _data_folder(table: Table) -> Path:
    folder = Path(table.text("data", "var"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            table.key("data"), f"{folder} cannot be made ({error.strerror})", "Name a folder we may write to"
        ) from error
    return folder


def _public_url(table: Table, default: str) -> str:
    url = table.text("public_url", default)
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        good = good or url == default
    except ValueError:
        good = False
    if not good or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ConfigError(
            table.key("public_url"),
            f"{url!r} is no address of a site",
            'Write it as "https://conference.example.org", without a path',
        )
    return url.rstrip("/")


def _public_ips(table: Table) -> tuple[str, ...]:
    addresses = table.texts("public_ips", ())
    for address in addresses:
        try:
            ipaddress.ip_address(address)
        except ValueError as error:
            raise ConfigError(
                table.key("public_ips"), f"{address!r} is no IP address", "Write numbers, no names"
            ) from error
    return addresses


def _redis_url(table: Table) -> str | None:
    url = table.text("redis_url", "")
    if not url:
        return None
    if urlsplit(url).scheme not in ("redis", "rediss", "unix"):
        # The address may hold a password, so it is not repeated.
        raise ConfigError(
            table.key("redis_url"), "it is no address of a Redis", 'Write it as "redis://localhost:6379/0"'
        )
    return url


def _web_root(table: Table) -> Path:
    return Path(table.text("web_root", str(Path(__file__).resolve().parent.parent / "web")))


def _secret(table: Table, data: Path) -> str:
    key = table.key("secret")
    secret = table.text("secret", "")
    if not secret:
        key = str(data / "secret")
        secret = _kept_secret(data / "secret")
    if len(secret.encode()) < MIN_SECRET_BYTES:
        raise ConfigError(
            key,
            f"it is shorter than {MIN_SECRET_BYTES} bytes",
            "Make one with: python3 -c 'import secrets; print(secrets.token_hex(32))'",
        )
    return secret


def _kept_secret(file: Path) -> str:
    """Return the secret in `file`, made now when there is none: readable by us alone, and never half written."""
    try:
        if not file.exists():
            with tempfile.NamedTemporaryFile("w", dir=file.parent, prefix="secret-") as fresh:  # 0600 by itself
                fresh.write(secrets.token_hex(32) + "\n")
                fresh.flush()
                # A link is made or not: of two servers starting at once, the second reads the first one's.
                os.link(fresh.name, file)
    except FileExistsError:
        pass
    except OSError as error:
        raise ConfigError(
            str(file), f"cannot be written ({error.strerror})", "Give TOLMACH_SECRET or a folder we may write to"
        ) from error
    try:
        return file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(str(file), "cannot be read", "Let the server's user read it, or remove it") from error
