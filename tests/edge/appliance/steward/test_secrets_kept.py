"""What is saved in a file of its own: where, by which mode, and what is never written over."""

from __future__ import annotations

import grp
from pathlib import Path

import pytest

from appliance.config import Config, parse
from appliance.steward.secrets_kept import SecretRefused, save
from appliance.steward.wire import SaveSecret, SecretKind
from appliance.users import SMS_USER

KEY = b"-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"/>'


def config_in(folder: Path, password: str = "smpp/password", logo: str = "logo.svg") -> Config:
    (folder / "etc" / "smpp").mkdir(parents=True, exist_ok=True)
    (folder / "etc" / "qaqpa.toml").write_text("# the configuration")
    text = f"[venue]\nlogo = '{folder}/etc/{logo}'\n[portal]\nkey_file = '{folder}/etc/portal.key'\n"
    return parse(f"{text}[[sms.provider]]\npassword_file = '{folder}/etc/{password}'\n", "q.toml")


def password(content: bytes = b"s3cret", name: str = "smsc") -> SaveSecret:
    return SaveSecret(SecretKind.SMS_PASSWORD, content, "aigul", name)


def test_each_is_readable_for_whom_it_concerns(tmp_path: Path) -> None:
    config, home = config_in(tmp_path), tmp_path / "etc"
    for request in (
        password(),
        SaveSecret(SecretKind.CERTIFICATE_KEY, KEY, "aigul"),
        SaveSecret(SecretKind.LOGO, SVG, "aigul"),
    ):
        save(request, config, home)
        save(request, config, home)
    stats = {name: (home / name).stat() for name in ("smpp/password", "portal.key", "logo.svg")}
    assert {name: oct(stat.st_mode & 0o777) for name, stat in stats.items()} == {
        "smpp/password": "0o640",
        "portal.key": "0o600",
        "logo.svg": "0o644",
    }
    assert stats["smpp/password"].st_gid == grp.getgrnam(SMS_USER).gr_gid
    assert (home / "smpp/password").read_bytes() == b"s3cret\n"
    assert (home / "logo.svg").read_bytes() == SVG
    assert [path.name for path in home.rglob(".*")] == []


@pytest.mark.parametrize("content", [b"", b"ninechars", "құпия".encode(), b"a\nb", b"\xff\xfe"])
def test_what_is_no_smpp_password_is_refused_without_being_told(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(SecretRefused) as refused:
        save(password(content), config_in(tmp_path), tmp_path / "etc")
    assert not content or content.decode(errors="replace") not in str(refused.value)
    assert not (tmp_path / "etc/smpp/password").exists()


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (SecretKind.CERTIFICATE, KEY),
        (SecretKind.CERTIFICATE_KEY, b"-----BEGIN ENCRYPTED PRIVATE KEY-----"),
        (SecretKind.LOGO, b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>"),
        (SecretKind.LOGO, b"\x89PNG\r\n\x1a\n" + bytes(9000)),
    ],
)
def test_what_nobody_could_use_is_refused(tmp_path: Path, kind: SecretKind, content: bytes) -> None:
    with pytest.raises(SecretRefused):
        save(SaveSecret(kind, content, "aigul"), config_in(tmp_path), tmp_path / "etc")


@pytest.mark.parametrize(
    "name", ["../outside", "smpp/../../outside", "qaqpa.toml", "qaqpa.toml.before", ".qaqpa.toml.new"]
)
def test_nothing_outside_its_folder_nor_the_configuration_is_written(tmp_path: Path, name: str) -> None:
    config = config_in(tmp_path, name)
    with pytest.raises(SecretRefused):
        save(password(), config, tmp_path / "etc")
    assert not (tmp_path / "outside").exists()
    assert (tmp_path / "etc/qaqpa.toml").read_text() == "# the configuration"


def test_no_link_is_followed(tmp_path: Path) -> None:
    victim = tmp_path / "shadow"
    victim.write_text("root")
    config, home = config_in(tmp_path), tmp_path / "etc"
    (home / "smpp/password").symlink_to(victim)
    with pytest.raises(SecretRefused):
        save(password(), config, home)
    (home / "smpp/password").unlink()
    (home / "smpp").rename(tmp_path / "elsewhere")
    (home / "smpp").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SecretRefused):
        save(password(), config, home)
    assert victim.read_text() == "root" and list((tmp_path / "elsewhere").iterdir()) == []


def test_an_unknown_provider_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SecretRefused, match="no SMS provider other"):
        save(password(name="other"), config_in(tmp_path), tmp_path / "etc")


@pytest.mark.parametrize("file", ["certbot.ini", "certbot-dns.ini", "ssh/authorized_keys", "./ssh/authorized_keys"])
@pytest.mark.parametrize(
    ("kind", "key", "content"),
    [
        (SecretKind.WIFI_PASSWORD, "wifi.password_file", b"pre-hook = id >/root/owned"),
        (SecretKind.CERTIFICATE, "portal.certificate_file", b"pre-hook = id\n# -----BEGIN CERTIFICATE-----\n"),
        (SecretKind.CERTIFICATE_KEY, "portal.key_file", b"ssh-ed25519 AAAA x\n# -----BEGIN PRIVATE KEY-----\n"),
    ],
)
def test_nothing_is_saved_where_root_reads_commands(
    tmp_path: Path, file: str, kind: SecretKind, key: str, content: bytes
) -> None:
    (tmp_path / "ssh").mkdir()
    section, name = key.split(".")
    config = parse(f"[{section}]\n{name} = '{tmp_path}/{file}'\n", "q.toml")
    with pytest.raises(SecretRefused, match="a command of root's"):
        save(SaveSecret(kind, content, "mallory"), config, tmp_path)
    assert not (tmp_path / file).exists()
