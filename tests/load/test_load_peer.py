"""A lean peer without a network: its checks, its handshake, and what it does when nobody or somebody else answers."""

from itertools import pairwise

from deploy.load.peer import GIVE_UP_S, LeanPeer, Phase
from deploy.load.sdp import Credentials, Remote
from media import stun
from media.dtls import DtlsEndpoint, DtlsIdentity, Fingerprint

OURS, THEIRS = Credentials("ours", "o" * 32), Credentials("theirs", "t" * 32)
ADDRESS = ("10.77.0.1", 8080)
CLIENT, SERVER = DtlsIdentity(), DtlsIdentity()


def a_peer(fingerprint: Fingerprint = SERVER.fingerprint) -> LeanPeer:
    return LeanPeer(CLIENT, OURS, Remote(THEIRS, fingerprint, ADDRESS, "passive", 111, "0"), now=0.0)


def success(check: bytes, password: str = THEIRS.password) -> bytes:
    return stun.format_success(stun.parse(check).transaction, "10.77.0.2", 4000, password.encode())


def checked(peer: LeanPeer) -> list[bytes]:
    """Answer the first check; the peer's first DTLS flight."""
    (check,) = peer.due(0.0)
    return peer.receive(success(check))


def test_a_check_nominates_as_controlling_agent_with_the_servers_password() -> None:
    (wire,) = a_peer().due(0.0)
    check = stun.parse(wire)
    assert check.kind == stun.BINDING_REQUEST
    assert check.username == "theirs:ours"
    assert check.is_nominating
    assert stun.ICE_CONTROLLING in check.attributes
    assert stun.PRIORITY in check.attributes
    assert stun.FINGERPRINT in check.attributes
    assert stun.is_authentic(check, THEIRS.password.encode())
    assert not stun.is_authentic(check, OURS.password.encode())


def test_checks_are_repeated_ever_more_slowly_until_it_gives_up() -> None:
    peer = a_peer()
    sent = [now for step in range(1200) if peer.due(now := step / 100)]
    assert sent[0] == 0.0
    pauses = [later - earlier for earlier, later in pairwise(sent)]
    assert pauses == sorted(pauses)
    assert max(sent) <= GIVE_UP_S
    assert (peer.phase, peer.reason) == (Phase.FAILED, "checking_timeout")


def test_a_strangers_or_forged_answer_changes_nothing() -> None:
    peer = a_peer()
    (check,) = peer.due(0.0)
    stranger = a_peer()
    assert peer.receive(success(stranger.due(0.0)[0])) == []
    assert peer.receive(success(check, "wrong")) == []
    assert peer.phase is Phase.CHECKING


def test_a_full_agents_check_is_answered() -> None:
    request = stun.format_request(b"x" * 12, "ours:theirs", OURS.password.encode(), tie_breaker=1)
    (answer,) = a_peer().receive(request)
    assert stun.mapped_address(stun.parse(answer)) == ADDRESS
    assert stun.is_authentic(stun.parse(answer), OURS.password.encode())


def test_the_first_flight_is_repeated_until_the_server_speaks() -> None:
    peer = a_peer()
    hello = checked(peer)
    assert peer.phase is Phase.SECURING
    assert hello
    assert peer.due(0.01) == []
    assert peer.due(0.2) == hello


def shake_hands(peer: LeanPeer, server: DtlsEndpoint) -> None:
    to_server = checked(peer)
    while to_server:
        to_peer = [out for datagram in to_server for out in server.receive(datagram)]
        to_server = [out for datagram in to_peer for out in peer.receive(datagram)]


def test_it_connects_and_shares_keys_with_the_server() -> None:
    peer = a_peer()
    server = DtlsEndpoint(SERVER, (CLIENT.fingerprint,), is_server=True)
    shake_hands(peer, server)
    assert peer.phase is Phase.CONNECTED
    assert peer.srtp is not None
    assert server.srtp is not None
    packet = bytes([0x80, 111, 0, 1]) + bytes(8) + b"sound"
    assert peer.srtp.unprotect(server.srtp.protect(packet)) == packet
    for goodbye in peer.close():
        server.receive(goodbye)
    assert server.is_closed


def test_another_certificate_than_announced_fails_the_peer() -> None:
    peer = a_peer(DtlsIdentity().fingerprint)
    shake_hands(peer, DtlsEndpoint(SERVER, (CLIENT.fingerprint,), is_server=True))
    assert (peer.phase, peer.reason) == (Phase.FAILED, "dtls_fingerprint")
    assert peer.srtp is None


def test_a_refusal_of_the_check_fails_the_peer() -> None:
    peer = a_peer()
    (check,) = peer.due(0.0)
    peer.receive(stun.format_error(stun.parse(check).transaction, 401, "Unauthenticated"))
    assert (peer.phase, peer.reason) == (Phase.FAILED, "stun_refused")
