"""The configuration's words about the SMSCs, for the SMS process; the one place that reads SMPP passwords."""

from __future__ import annotations

import pwd
from pathlib import Path

from appliance import render
from appliance.config import Config
from appliance.daemon import GATE_USER
from appliance.sections import SmsProvider
from sms.settings import Provider, Settings
from sms.status import Verdict


def sender_settings(config: Config) -> Settings:
    """
    Raises:
        SmsError: what SMPP does not allow.
        OSError: a password file cannot be read.
        KeyError: the gate's user does not exist.
    """
    return Settings(
        socket_path=render.sms_socket(config),
        peer_uids=frozenset({0, pwd.getpwnam(GATE_USER).pw_uid}),
        providers=tuple(
            provider(one, Path(one.password_file).read_text(encoding="ascii").strip()) for one in config.sms.provider
        ),
        max_parts=config.sms.max_parts,
    )


def provider(section: SmsProvider, password: str) -> Provider:
    """
    Raises:
        SettingRefused: what SMPP does not allow.
    """
    return Provider(
        name=section.name,
        host=section.host,
        port=section.port,
        tls=section.tls,
        tls_ca_file=section.tls_ca_file,
        system_id=section.system_id,
        password=password,
        system_type=section.system_type,
        bind=section.bind,
        source=section.source,
        source_ton=section.source_ton,
        source_npi=section.source_npi,
        dest_plus=section.dest_plus,
        prefixes=section.prefixes,
        window=section.window,
        rate_per_s=section.rate_per_s,
        enquire_link_s=section.enquire_link_s,
        response_timeout_s=section.response_timeout_s,
        gsm_coding=section.gsm_coding,
        ucs2_coding=section.ucs2_coding,
        long=section.long,
        statuses={int(code, 16): Verdict(meaning.value) for code, meaning in section.status.items()},
    )
