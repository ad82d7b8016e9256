"""What has a file of its own is written where the configuration says: SMPP passwords, certificate and key, the logo.

Only below the configuration's own folder, through no symbolic link, and never over the configuration itself. What is
there is not read back. Must not know: who brought it, what is restarted for it.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from appliance.config import Config
from appliance.errors import ApplianceError, LogoRefused
from appliance.logo import MAX_BYTES, data_url
from appliance.smpp import provider
from appliance.steward import below
from appliance.steward.wire import SaveSecret, SecretKind
from appliance.users import SMS_USER
from appliance.wifi import is_wifi_password
from sms.errors import SmsError

_PEM_BYTES = 64 * 1024
_KEYS = (b"-----BEGIN PRIVATE KEY-----", b"-----BEGIN RSA PRIVATE KEY-----", b"-----BEGIN EC PRIVATE KEY-----")
_COMMANDS = ("qaqpa.toml", "certbot", "ssh")
"""How names below the configuration's folder begin whose content is root's own word: the configuration, hooks that
certbot runs (certbot.ini), keys that open a shell (ssh/authorized_keys)."""
RENEWED = {
    SecretKind.SMS_PASSWORD: ("sms",),
    SecretKind.CERTIFICATE: ("dnsmasq-lan", "nginx"),
    SecretKind.CERTIFICATE_KEY: ("dnsmasq-lan", "nginx"),
    SecretKind.LOGO: ("portal",),
    SecretKind.WIFI_PASSWORD: ("hostapd",),
}
"""Which processes take it up."""


class SecretRefused(ApplianceError):
    """It cannot be kept; the text never has it."""


@dataclass(frozen=True)
class _Place:
    path: str
    mode: int
    group: str = "root"


def save(request: SaveSecret, config: Config, home: Path, *, keep_former: bool = False) -> None:
    """Write it, whole or not at all.

    Args:
        home: the configuration's folder; nothing outside is written.
        keep_former: what it replaces stays beside it, until ``below.put_back`` or ``below.forget``.

    Raises:
        SecretRefused: says why and what to do.
    """
    place, relative = _judged(request, config, home)
    content = request.content.rstrip() + b"\n" if place.mode != 0o644 else request.content
    try:
        below.write(home, relative, content, place.mode, place.group, keep_former=keep_former)
    except below.NotOurs as error:
        raise SecretRefused(f"{place.path} is no file but a link or a folder: it is yours to change") from error
    except OSError as error:
        raise SecretRefused(f"{place.path} cannot be written: {error.strerror}") from error


def judge(request: SaveSecret, config: Config, home: Path) -> Path:
    """Whether it can be kept, before anything is written; where, below ``home``.

    Raises:
        SecretRefused
    """
    return _judged(request, config, home)[1]


def _judged(request: SaveSecret, config: Config, home: Path) -> tuple[_Place, Path]:
    place = _place(request, config)
    # Whoever could replace that one could have the password sent to a host of their own. As paths: "/./" is no other.
    if Path(place.path) in {Path(one.tls_ca_file) for one in config.sms.provider if one.tls_ca_file}:
        raise SecretRefused(f"{place.path} is an SMS provider's authority; name another file")
    _judge(request, config)
    return place, _below(place.path, home)


def _place(request: SaveSecret, config: Config) -> _Place:
    match request.kind:
        case SecretKind.SMS_PASSWORD:
            for each in config.sms.provider:
                if each.name == request.name:
                    return _Place(each.password_file, 0o640, SMS_USER)
            raise SecretRefused(f"there is no SMS provider {request.name}; save the settings with it first")
        case SecretKind.CERTIFICATE:
            return _Place(config.portal.certificate_file, 0o644)
        case SecretKind.CERTIFICATE_KEY:
            return _Place(config.portal.key_file, 0o600)
        case SecretKind.LOGO:
            if not config.venue.logo:
                raise SecretRefused("venue.logo names no file; write such as /etc/qaqpa/logo.png there first")
            return _Place(config.venue.logo, 0o644)
        case SecretKind.WIFI_PASSWORD:
            return _Place(config.wifi.password_file, 0o600)


def _judge(request: SaveSecret, config: Config) -> None:
    match request.kind:
        case SecretKind.SMS_PASSWORD:
            try:
                password = request.content.decode("ascii").strip()
                provider(next(each for each in config.sms.provider if each.name == request.name), password)
            except (UnicodeDecodeError, SmsError) as error:
                raise SecretRefused("an SMPP password has 1 to 8 printable ASCII characters") from error
            if not password.isprintable() or not password:
                raise SecretRefused("an SMPP password has 1 to 8 printable ASCII characters")
        case SecretKind.CERTIFICATE:
            if b"-----BEGIN CERTIFICATE-----" not in request.content or len(request.content) > _PEM_BYTES:
                raise SecretRefused("this is no certificate in PEM: it has a line -----BEGIN CERTIFICATE-----")
        case SecretKind.CERTIFICATE_KEY:
            if not any(each in request.content for each in _KEYS) or len(request.content) > _PEM_BYTES:
                raise SecretRefused(
                    "this is no key in PEM without a passphrase: it has a line -----BEGIN PRIVATE KEY-----"
                )
        case SecretKind.LOGO:
            with tempfile.NamedTemporaryFile() as trial:
                trial.write(request.content[: MAX_BYTES + 1])
                trial.flush()
                try:
                    data_url(trial.name)
                except LogoRefused as refused:
                    raise SecretRefused(f"the picture {refused.problem}") from refused
        case SecretKind.WIFI_PASSWORD:
            if not is_wifi_password(request.content.decode("latin-1").strip()):
                raise SecretRefused("a Wi-Fi password has 8 to 63 printable ASCII characters")


def _below(path: str, home: Path) -> Path:
    """The path inside ``home``."""
    steps = Path(path)
    if not steps.is_relative_to(home) or ".." in steps.parts:
        raise SecretRefused(f"{path} is not below {home}: files elsewhere are yours to write")
    relative = steps.relative_to(home)
    if relative == Path() or relative.parts[0].lstrip(".").startswith(_COMMANDS):
        raise SecretRefused(f"{path} is the configuration's own place, or a command of root's; name another file")
    return relative
