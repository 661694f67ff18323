"""By which way peers came, told by their addresses."""

from media.ways import count_ways, plain_host


def test_each_address_counts_once() -> None:
    addresses = [("::ffff:192.0.2.1", 1), ("192.0.2.2", 1), ("2001:db8::1", 1), ("::ffff:198.51.100.9", 1)]
    relays = frozenset({plain_host("198.51.100.9"), plain_host("2001:DB8:0::9")})
    assert count_ways(addresses, relays) == {"ipv4": 2, "ipv6": 1, "relay": 1}
    assert count_ways([("2001:db8::9", 1)], relays) == {"ipv4": 0, "ipv6": 0, "relay": 1}


def test_a_zone_is_no_part_of_an_address() -> None:
    assert plain_host("fe80::1%eth0") == "fe80::1"
