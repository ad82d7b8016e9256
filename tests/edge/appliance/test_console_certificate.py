"""The console's certificate: the box's own, which is kept, or the owner's; with the real nginx as judge."""

from __future__ import annotations

import hashlib
import socket
import ssl
import threading
import time
from ipaddress import ip_address
from pathlib import Path

import pytest
from click.testing import CliRunner

from appliance import console_certificate, console_checks, render_console
from appliance.apply import apply
from appliance.certificates import Pair, judge
from appliance.cli import main
from appliance.config import Config, parse
from appliance.console_certificate import Served
from appliance.holding import Holding
from tests.support.authority import Authority, Issued

DAY_S = 86400.0
ADDRESSES = [ip_address("192.168.50.1"), ip_address("fd50::1")]


def config_in(folder: Path, text: str = "", port: int = 8443) -> Config:
    paths = f"[paths]\nstate = '{folder}/state'\nruntime = '{folder}/run'"
    return parse(f"[console]\ninterface = 'mgmt0'\nport = {port}\n{text}\n{paths}", "q.toml")


def chosen(config: Config, now_utc_s: float | None = None) -> Served:
    return console_certificate.served(config, time.time() if now_utc_s is None else now_utc_s, "box", ADDRESSES)


def given(folder: Path, issued: Issued | None = None) -> str:
    files = folder / "given.pem", folder / "given.key"
    if issued:
        issued.write(*files)
    return f"certificate_file = '{files[0]}'\nkey_file = '{files[1]}'"


def test_the_boxs_own_is_for_its_name_and_addresses_and_nginx_takes_it(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    changed = apply(config, Holding(), chosen(config))
    assert (changed["console.pem"], changed["console-own.pem"]) == (True, True)
    kept = tmp_path / "state" / "conf" / "console.pem"
    assert kept.stat().st_mode & 0o777 == 0o600
    pair = Pair(str(kept), str(kept))
    for name in ("box", "192.168.50.1", "fd50::1"):
        judged = judge(pair, name, str(kept))
        assert judged.problem == "", "whoever trusts it has no warning"
        assert judged.expires_utc_s - time.time() > 3649 * DAY_S
    assert "is not for" in judge(pair, "other", str(kept)).problem
    assert not any(apply(config, Holding(), chosen(config)).values()), "it is kept"


def test_it_is_made_anew_before_it_ends_and_when_it_was_made_for_no_address(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    first = console_certificate.served(config, time.time(), "box", ())
    apply(config, Holding(), first)
    assert console_certificate.served(config, time.time(), "other", ()) == first
    second = chosen(config)
    assert second.pem != first.pem
    apply(config, Holding(), second)
    elsewhere = console_certificate.served(config, time.time(), "box", [ip_address("192.168.9.9")])
    assert elsewhere == second, "another address, the same fingerprint"
    assert second.about is not None
    assert chosen(config, second.about.expires_utc_s - 31 * DAY_S) == second
    third = chosen(config, second.about.expires_utc_s - 29 * DAY_S)
    assert third.about is not None
    assert third.about.fingerprint != second.about.fingerprint
    assert chosen(config, 0.0) == second, "a clock that is not set yet makes no other"


def test_one_made_before_the_clock_was_set_is_good(tmp_path: Path) -> None:
    made = chosen(config_in(tmp_path), 0.0).about
    assert made is not None
    assert made.expires_utc_s - time.time() > 3000 * DAY_S


@pytest.mark.parametrize("damage", [b"", b"not PEM", b"half"], ids=["empty", "not PEM", "without its key"])
def test_a_damaged_file_is_made_anew(tmp_path: Path, damage: bytes) -> None:
    config = config_in(tmp_path)
    apply(config, Holding(), chosen(config))
    kept = tmp_path / "state" / "conf" / "console-own.pem"
    content = kept.read_bytes().partition(b"-----BEGIN PRIVATE")[0] if damage == b"half" else damage
    kept.write_bytes(content)
    made = chosen(config)
    assert made.own != content
    assert apply(config, Holding(), made)["console.pem"]


def test_the_owners_is_served_and_the_boxs_own_kept_for_later(tmp_path: Path) -> None:
    plain = config_in(tmp_path)
    own = chosen(plain)
    apply(plain, Holding(), own)
    issued = Authority().issue("console.example.kz")
    config = config_in(tmp_path, given(tmp_path, issued))
    now = chosen(config)
    assert now.pem == issued.fullchain + issued.key
    apply(config, Holding(), now)
    assert chosen(plain) == own


@pytest.mark.parametrize("what", ["missing", "another's key", "locked"])
def test_files_that_hold_none_leave_the_boxs_own_and_say_why(tmp_path: Path, what: str) -> None:
    one, other = Authority().issue("a.example.kz"), Authority().issue("a.example.kz")
    wrong = {
        "missing": (None, "given.pem cannot be read: No such file or directory"),
        "another's key": (Issued(one.certificate, one.chain, other.key), "are no certificate and its key in PEM form"),
        "locked": (Issued(one.certificate, one.chain, b"Proc-Type: 4,ENCRYPTED\n"), "is locked by a passphrase"),
    }
    issued, told = wrong[what]
    config = config_in(tmp_path, given(tmp_path, issued))
    now = chosen(config)
    assert told in now.problem
    assert now.pem == now.own != b""
    apply(config, Holding(), now)
    found = [finding.what for finding in console_checks.findings(config, time.time()) if not finding.ok]
    assert any(told in what for what in found)


def test_command_says_the_fingerprint(tmp_path: Path) -> None:
    path = tmp_path / "q.toml"
    path.write_text(
        f"[console]\ninterface = 'mgmt0'\n[paths]\nstate = '{tmp_path}/state'\nruntime = '{tmp_path}/run'\n"
    )
    said = CliRunner().invoke(main, ["apply", "--at-boot", "--config", str(path)])
    assert said.exit_code == 0, said.output
    pem = (tmp_path / "state" / "conf" / "console.pem").read_text()
    der = ssl.PEM_cert_to_DER_cert(pem.partition("-----BEGIN PRIVATE")[0])
    assert f"SHA-256 {hashlib.sha256(der).digest().hex(':').upper()}\n" in said.output
    assert "console: mgmt0 has no address yet" in said.output
    refused = CliRunner().invoke(main, ["apply", "--config", str(path)])
    assert refused.exit_code == 1


def test_command_of_a_console_that_is_not_wanted_ends_for_good(tmp_path: Path) -> None:
    path = tmp_path / "q.toml"
    path.write_text("")
    said = CliRunner().invoke(main, ["console", "--config", str(path)])
    assert (said.exit_code, said.output) == (78, "there is no console: console.interface is empty\n")


def test_the_doctor_sees_what_is_behind_the_port(tmp_path: Path) -> None:
    """Nobody; somebody with another certificate; somebody with the one that lies there."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = config_in(tmp_path, port=listening.getsockname()[1])
        first = chosen(config)
        apply(config, Holding(), first)
        path = tmp_path / "served.pem"

        def behind(pem: bytes) -> list[str]:
            path.write_bytes(pem)
            server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            server.load_cert_chain(path)
            serving = threading.Thread(target=lambda: server.wrap_socket(listening.accept()[0], True).close())
            serving.start()
            found = [finding.what for finding in console_checks.findings(config, time.time())]
            serving.join()
            return found

        assert any("shows an older certificate" in what for what in behind(chosen(config_in(tmp_path / "other")).pem))
        told = behind(first.pem)
    assert first.about is not None
    assert f"the console's certificate has SHA-256 {first.about.fingerprint}" in told
    assert f"the console's port {config.console.port} answers, for whoever comes from mgmt0" in told
    wrong = [finding.what for finding in console_checks.findings(config, time.time()) if not finding.ok]
    assert [what.partition(" (")[0] for what in wrong] == [
        f"the console does not answer at {tmp_path}/run/console/console.sock",
        f"the console's port {config.console.port} does not answer",
    ]
    late = [each.what for each in console_checks.findings(config, first.about.expires_utc_s - DAY_S) if not each.ok]
    assert any("is good until" in what for what in late)


def test_the_doctor_says_what_of_the_console_is_damaged(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    apply(config, Holding(), chosen(config))
    office = Path(config.paths.state) / "console"
    office.mkdir(exist_ok=True)
    (office / "staff.json").write_text("{")
    assert "console.office_damaged" in {each.code for each in console_checks.findings(config, time.time())}
    render_console.kept_file(config).write_bytes(b"no certificate")
    *_, last = console_checks.findings(config, time.time())
    assert last.code == "console.unread", "nothing more is to be said of what cannot be read"


def test_the_doctor_of_a_venue_without_a_console() -> None:
    (only,) = console_checks.findings(Config(), time.time())
    assert only.ok
