"""The configuration's words about the SMSCs, for the SMS process; the one place that reads SMPP passwords."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Iterator
from pathlib import Path

from appliance import credentials, sockets
from appliance.config import Config
from appliance.found import Found, wrong
from appliance.sections import SmsProvider
from appliance.users import GATE_USER, SMS_USER
from sms.errors import SettingRefused
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
        socket_path=sockets.sms_socket(config),
        peer_uids=frozenset({0, pwd.getpwnam(GATE_USER).pw_uid}),
        providers=tuple(provider(one, _password(one)) for one in config.sms.provider),
        max_parts=config.sms.max_parts,
    )


def without_sms(config: Config) -> str:
    """Why this venue sends no SMS at all, as one that admits by document alone; "": it does, or means to."""
    if any(_with_systemd(one) for one in config.sms.provider):
        return ""
    files = [one.password_file for one in config.sms.provider]
    # Not there, no more: one that is there and cannot be read is a fault.
    if any(_is_there(file) for file in files):
        return ""
    return f"no SMS at this venue: no provider has a password ({', '.join(files)} is not there)"


def _is_there(file: str) -> bool:
    try:
        Path(file).stat()
    except FileNotFoundError:
        return False
    except OSError:
        return True  # a folder that is closed to us says nothing
    return True


def password_problems(config: Config) -> Iterator[tuple[str, Found]]:
    """(key, problem) of each password file of which an SMSC's login cannot be made. Never the password itself."""
    if without_sms(config):
        return
    for number, one in _with_files(config):
        key, path = f"sms.provider[{number}].password_file", one.password_file
        try:
            password = _password(one)
            provider(one, password)
        except OSError as error:
            yield key, wrong("sms.password.unreadable", path=path, said=error.strerror)
        except UnicodeDecodeError:
            yield key, wrong("sms.password.characters", path=path)
        except SettingRefused as refused:
            yield key, wrong("sms.password.refused", path=path, said=refused)
        else:
            if not password:
                yield key, wrong("sms.password.empty", path=path)


def closed_to_sender(config: Config) -> Iterator[tuple[str, Found]]:
    """(key, problem) of each password file that the sender's user may not read. Only root can find out."""
    try:
        user = pwd.getpwnam(SMS_USER)
    except KeyError:
        return  # said with the users
    if os.geteuid() != 0:
        return
    if without_sms(config):
        return
    groups = os.getgrouplist(user.pw_name, user.pw_gid)
    for number, one in _with_files(config):
        # Tried, not computed: directories above it, further groups and ACLs have their say too.
        asked = ["/usr/bin/test", "-r", one.password_file]
        if subprocess.run(asked, check=False, user=user.pw_uid, group=user.pw_gid, extra_groups=groups).returncode:
            problem = wrong("sms.password.closed", path=one.password_file, user=SMS_USER)
            yield f"sms.provider[{number}].password_file", problem


def _password(one: SmsProvider) -> str:
    if (handed := credentials.handed(one.name)) is not None:
        return handed
    if credentials.kept(one.name):
        return ""  # it is the sender's alone; whoever else asks logs in nowhere
    return Path(one.password_file).read_text(encoding="ascii").strip()


def _with_systemd(one: SmsProvider) -> bool:
    return credentials.handed(one.name) is not None or credentials.kept(one.name)


def _with_files(config: Config) -> Iterator[tuple[int, SmsProvider]]:
    return ((number, one) for number, one in enumerate(config.sms.provider) if not _with_systemd(one))


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
