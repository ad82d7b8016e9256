"""The ways to an SMSC: TLS that is checked, IPv6, names with addresses that lead nowhere."""

from __future__ import annotations

import socket
import struct
from contextlib import ExitStack

import pytest

from sms.dialler import first_of
from sms.message import State
from tests.edge.sms.certificates import Authority, server_context
from tests.edge.sms.conftest import Venue
from tests.edge.sms.test_hostile_smsc import ENQUIRE, RESPONSE, bound, well
from tests.edge.sms.world import PASSWORD, message, pdu, read_pdu
from tests.lab.waiting import until


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls") / "authority")


def test_a_message_over_tls_and_back(venue: Venue, authority: Authority) -> None:
    key, certificate = authority.certify("IP:127.0.0.1")
    smsc = venue.npm_smsc(key=str(key), cert=str(certificate))
    venue.sender(smsc.port, tls=True, tls_ca_file=str(authority.file))
    client, gate = venue.client()
    for number in range(50):
        client.send(message(f"m{number}"))
    for number in range(50):
        gate.hears(f"m{number}", State.DELIVERED)
    assert len(smsc.said_of("text")) == 50


def test_what_arrives_in_one_tls_record_is_read_at_once(venue: Venue, authority: Authority) -> None:
    """Nothing makes the socket readable again for what TLS has decrypted already."""
    context = server_context(*authority.certify("IP:127.0.0.1"))
    answered: list[int] = []

    def behave(plain: socket.socket, _count: int) -> None:
        with context.wrap_socket(plain, server_side=True) as connection:
            bound(connection)
            connection.sendall(b"".join(pdu(ENQUIRE, 0, sequence) for sequence in range(1, 4001)))
            while True:
                command, _, sequence, _ = read_pdu(connection)
                if command == ENQUIRE | RESPONSE:
                    answered.append(sequence)
                elif command == ENQUIRE:
                    connection.sendall(pdu(ENQUIRE | RESPONSE, 0, sequence))

    raw = venue.raw_smsc(behave)
    venue.sender(raw.port, tls=True, tls_ca_file=str(authority.file), enquire_link_s=60)
    until(lambda: len(answered) == 4000, "all answers")
    assert (answered, raw.connections) == (list(range(1, 4001)), 1)


def test_a_name_is_asked_for_and_its_certificate_is_believed(venue: Venue, authority: Authority) -> None:
    asked: list[str | None] = []
    context = server_context(*authority.certify("DNS:localhost"))
    context.sni_callback = lambda _connection, name, _context: asked.append(name)

    def behave(plain: socket.socket, _count: int) -> None:
        with context.wrap_socket(plain, server_side=True) as connection:
            well(connection)

    raw = venue.raw_smsc(behave)
    venue.sender(raw.port, host="localhost", tls=True, tls_ca_file=str(authority.file))
    client, gate = venue.client()
    client.send(message("m1"))
    gate.hears("m1", State.SENT)
    assert set(asked) == {"localhost"}


@pytest.mark.parametrize(
    ("host", "names", "why"),
    [
        ("127.0.0.1", "DNS:smsc.example.kz", "IP address mismatch"),
        ("127.0.0.1", "IP:127.0.0.2", "IP address mismatch"),
        ("127.0.0.1", "IP:127.0.0.1", "self-signed certificate"),
        ("localhost", "DNS:smsc.example.kz", "Hostname mismatch"),
        ("localhost", "IP:127.0.0.1", "Hostname mismatch"),
    ],
)
def test_whoever_cannot_prove_to_be_the_host_hears_no_password(
    venue: Venue, authority: Authority, host: str, names: str, why: str
) -> None:
    context = server_context(*authority.certify(names))
    heard: list[bytes] = []

    def behave(plain: socket.socket, _count: int) -> None:
        with context.wrap_socket(plain, server_side=True) as connection:
            heard.append(connection.recv(4096))

    raw = venue.raw_smsc(behave)
    ca_file = "" if why.startswith("self-signed") else str(authority.file)
    sender = venue.sender(raw.port, host=host, tls=True, tls_ca_file=ca_file)
    sender.says("its certificate is refused: ")
    assert why in sender.said() or "unable to get local issuer certificate" in sender.said()
    until(lambda: raw.connections >= 2, "another attempt")
    assert b"".join(heard) == b""


def test_an_smsc_without_tls_gets_nothing_of_ours(venue: Venue) -> None:
    heard: list[bytes] = []

    def behave(connection: socket.socket, count: int) -> None:
        heard.append(connection.recv(4096))
        if count == 1:
            connection.recv(1)  # and never answers
        connection.sendall(pdu(0x80000009, 0, 1, b"x\0"))

    raw = venue.raw_smsc(behave)
    sender = venue.sender(raw.port, tls=True, connect_timeout_s=0.5)
    sender.says("no TLS: ")
    assert all(PASSWORD.encode() not in piece and b"venue" not in piece for piece in heard)


def test_over_ipv6(venue: Venue) -> None:
    submits: list[int] = []
    raw = venue.raw_smsc(lambda connection, _count: well(connection, submits), host="::1")
    venue.sender(raw.port, host="::1")
    client, gate = venue.client()
    client.send(message("m1"))
    gate.hears("m1", State.SENT)
    assert len(submits) == 1


def test_addresses_that_are_silent_or_refuse_do_not_hide_the_one_that_answers() -> None:
    with ExitStack() as stack:
        silent = stack.enter_context(socket.socket())  # a backlog that is full answers nobody
        silent.bind(("127.0.0.1", 0))
        silent.listen(0)
        for _ in range(3):
            caller = stack.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(silent.getsockname())
        refusing = stack.enter_context(socket.socket())
        refusing.bind(("127.0.0.1", 0))
        good = stack.enter_context(socket.create_server(("::1", 0), family=socket.AF_INET6))
        v4, v6 = socket.AF_INET, socket.AF_INET6
        addresses = [(v4, silent.getsockname()), (v4, refusing.getsockname()), (v6, good.getsockname())]
        with first_of(addresses, patience_s=10) as connected:
            assert connected.getpeername()[1] == good.getsockname()[1]
        with pytest.raises(ConnectionRefusedError):
            first_of(addresses[1:2], patience_s=10)
        with pytest.raises(TimeoutError):
            first_of(addresses[:1], patience_s=0.3)


def test_a_connection_that_the_smsc_resets_mid_handshake_is_tried_again(venue: Venue, authority: Authority) -> None:
    context = server_context(*authority.certify("IP:127.0.0.1"))

    def behave(plain: socket.socket, count: int) -> None:
        if count <= 2:
            plain.recv(10)
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return
        with context.wrap_socket(plain, server_side=True) as connection:
            well(connection)

    raw = venue.raw_smsc(behave)
    sender = venue.sender(raw.port, tls=True, tls_ca_file=str(authority.file))
    client, gate = venue.client()
    client.send(message("m1"))
    gate.hears("m1", State.SENT)
    assert raw.connections >= 3
    assert "Traceback" not in sender.said()
