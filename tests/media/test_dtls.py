"""DTLS without I/O: two endpoints agree on keys, and only with the certificate that was announced."""

import pytest

from media.dtls import DtlsEndpoint, DtlsIdentity, Fingerprint
from media.errors import WireError

SERVER, CLIENT = DtlsIdentity(), DtlsIdentity()


def pair(theirs: Fingerprint = CLIENT.fingerprint) -> tuple[DtlsEndpoint, DtlsEndpoint]:
    server = DtlsEndpoint(SERVER, (theirs,), is_server=True)
    return server, DtlsEndpoint(CLIENT, (SERVER.fingerprint,), is_server=False)


def shake_hands(server: DtlsEndpoint, client: DtlsEndpoint) -> None:
    flights = client.start()
    for _ in range(10):
        answers = [answer for datagram in flights for answer in server.receive(datagram)]
        flights = [answer for datagram in answers for answer in client.receive(datagram)]


def test_both_ends_get_keys_that_fit() -> None:
    server, client = pair()
    shake_hands(server, client)
    assert server.srtp is not None
    assert client.srtp is not None
    packet = bytes([0x80, 111, 0, 1]) + bytes(8) + b"sound"
    assert client.srtp.unprotect(server.srtp.protect(packet)) == packet
    assert server.srtp.unprotect(client.srtp.protect(packet)) == packet
    report = bytes([0x80, 201, 0, 1, 0, 0, 0, 9])
    assert server.srtp.unprotect_rtcp(client.srtp.protect_rtcp(report)) == report


def test_a_packet_from_elsewhere_is_not_authentic() -> None:
    server, client = pair()
    shake_hands(server, client)
    assert server.srtp is not None
    with pytest.raises(WireError):
        server.srtp.unprotect(bytes([0x80, 111, 0, 1]) + bytes(8) + b"sound" + bytes(16))
    with pytest.raises(WireError):
        server.srtp.unprotect(bytes([0x80]) + bytes(3000))


@pytest.mark.parametrize("theirs", [SERVER.fingerprint, Fingerprint("md5", "00")])
def test_another_certificate_than_announced_gets_no_keys(theirs: Fingerprint) -> None:
    server, client = pair(theirs)
    with pytest.raises(WireError, match="dtls_fingerprint"):
        shake_hands(server, client)
    assert server.srtp is None
    assert server.is_failed


def test_rubbish_ends_the_handshake_or_is_ignored_but_never_raises() -> None:
    server, client = pair()
    server.receive(b"\x16" + bytes(40))
    shake_hands(server, client)
    assert server.is_failed or server.srtp is not None


def test_a_lost_flight_is_sent_again() -> None:
    server, client = pair()
    client.start()
    assert (client.timeout_s() or 0) > 0
    assert server.timeout_s() is None


def test_goodbye_reaches_the_other_end() -> None:
    server, client = pair()
    shake_hands(server, client)
    for datagram in client.close():
        server.receive(datagram)
    assert server.is_closed
    assert server.receive(b"\x16anything") == []


def test_no_datagram_is_longer_than_any_path_bears() -> None:
    server, client = pair()
    flights = [len(d) for datagram in client.start() for d in server.receive(datagram)]
    assert max(flights, default=0) <= 1200
