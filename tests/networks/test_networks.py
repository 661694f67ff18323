"""The ways to us in a town of namespaces: through the relay, without UDP, translated, by IPv6 alone, and on the move.

As root they run; without, what is missing is said. Each trial is `deploy.load.networks`' own, held to its figures.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.load import netns
from deploy.load.netns import NamespaceError
from deploy.load.networks import TRIALS, Scene, scene
from deploy.load.relay import Relay
from deploy.load.town import town

# A browser, a server and a relay share the cores with whatever else runs.
pytestmark = pytest.mark.timeout(300)
# 200 ms are promised and a tenth of that is measured; here it is enough that nothing is waited for.
MUST_MOVE_MS = 2_000
RIGHT = netns.missing_right(os.geteuid(), shutil.which("ip"))


@pytest.fixture(scope="module")
def stage() -> Iterator[Scene | None]:
    """The scene; None where it cannot be made, and that was said."""
    if RIGHT is not None:
        with pytest.raises(NamespaceError, match=RIGHT.split(":")[0]), town():
            pass
        yield None
        return
    with scene() as made:
        yield made


def figures(stage: Scene, trial: str) -> dict[str, str]:
    told = {name: str(value) for name, value in TRIALS[trial](stage)}
    print("\n".join(f"{name}: {value}" for name, value in told.items()))
    return told


def test_each_door_of_the_relay_lets_sound_through_and_is_told(stage: Scene | None) -> None:
    if stage is None:
        return
    told = figures(stage, "relays")
    for door in ("udp", "tcp", "tls"):
        assert told[f"relay_{door}_way"] == f"relay_{door}"
        assert told[f"relay_{door}_counted_by_server"] == "1"
    # Where no UDP gets out, the relay is taken by itself.
    assert told["no_udp_way"] in ("relay_tcp", "relay_tls")
    assert told["only_web_ports_way"] == "relay_tls"


def test_addresses_that_lead_nowhere_do_not_hinder(stage: Scene | None) -> None:
    if stage is None:
        return
    told = {**figures(stage, "addresses"), **figures(stage, "translation")}
    for name in ("several_addresses", "floating_address", "translated_1to1"):
        assert told[f"{name}_way"] == "direct"


def test_a_phone_that_leaves_the_wifi_hears_on(stage: Scene | None) -> None:
    if stage is None:
        return
    told = figures(stage, "migration")
    for case in ("swallowed_flow", "wifi_to_mobile"):
        assert float(told[f"{case}_chromium_gap_ms"]) < 13_000, told
        assert told[f"{case}_chromium_connections"] == "1"
    for mode in ("same", "restart"):
        assert float(told[f"wifi_to_mobile_lean_{mode}_move_to_sound_ms"]) < MUST_MOVE_MS


def test_a_killed_edge_is_left_at_once_and_the_others_notice_nothing(stage: Scene | None) -> None:
    if stage is None:
        return
    told = figures(stage, "edge_killed")
    assert told["edge_killed_listeners_on_edges"] == "2"
    assert int(told["edge_killed_chromium_gap_ms"]) < 10_000
    assert told["edge_killed_others_connections"] == "1"


# The last: the town does not get its IPv4 back.
def test_without_ipv4(stage: Scene | None) -> None:
    if stage is None:
        return
    told = figures(stage, "ipv6_only")
    assert float(told["ipv6_only_press_to_sound_ms"]) < 20_000
    assert told["ipv6_only_counted_by_server"] == "1"
    assert float(told["ipv6_lean_move_to_sound_ms"]) < MUST_MOVE_MS
    assert told["ipv6_without_mdns_press_to_sound_ms"] != "none"


def test_a_secret_of_the_relay_is_not_shown() -> None:
    relay = Relay("198.51.100.2", ())
    assert relay.secret not in repr(relay)
    assert relay.urls["tls"] == "turns:198.51.100.2:443?transport=tcp"


def test_the_shipped_configuration_denies_private_networks() -> None:
    text = (Path(__file__).parents[2] / "deploy" / "coturn" / "turnserver.conf").read_text()
    for network in (
        "0.0.0.0-255.255.255.255",
        "10.0.0.0",
        "127.0.0.0",
        "169.254.0.0",
        "192.168.0.0",
        "fc00::",
        "::-::1",
    ):
        assert f"\ndenied-peer-ip={network}" in text
    assert "\nuse-auth-secret\n" in text
    assert "lt-cred-mech" not in text
    assert "\nallow-loopback-peers" not in text
