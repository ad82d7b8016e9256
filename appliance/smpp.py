"""The configuration's words about the SMSC, for the SMS process; the one place that reads the SMPP password."""

from __future__ import annotations

import pwd
from pathlib import Path

from appliance import render
from appliance.config import Config
from appliance.daemon import GATE_USER
from sms.settings import Provider, Settings


def sender_settings(config: Config) -> Settings:
    """
    Raises:
        SmsError: what SMPP does not allow.
        OSError: the password file cannot be read.
        KeyError: the gate's user does not exist.
    """
    password = Path(config.sms.password_file).read_text(encoding="ascii").strip()
    return Settings(
        socket_path=render.sms_socket(config),
        peer_uids=frozenset({0, pwd.getpwnam(GATE_USER).pw_uid}),
        provider=Provider(
            host=config.sms.host,
            port=config.sms.port,
            system_id=config.sms.system_id,
            password=password,
            source=config.sms.source,
        ),
    )
