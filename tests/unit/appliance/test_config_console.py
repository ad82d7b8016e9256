"""Where staff may come from, as the configuration is judged: what is wrong is told with line, key and cure."""

from __future__ import annotations

import pytest

from appliance.config import parse
from appliance.errors import ConfigError
from appliance.firewall_words import firewall_settings


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "[console]\ninterface = 'br-lan'",
            'q.toml, line 2: console.interface: "br-lan" is on the visitors\' side; name a port or VLAN',
        ),
        (
            "[console]\ninterface = 'lan4'\n[[workstation]]\nnumber = '1'\nport = 'lan4'",
            'q.toml, line 2: console.interface: "lan4" is on the visitors\' side',
        ),
        *(
            (f"[console]\ninterface = 'mgmt0'\nport = {port}", "q.toml, line 3: console.port: ")
            for port in (80, 8080, 5300, 53, 0)
        ),
        (
            "[console]\ninterface = 'mgmt0'\nport = 443\n[portal]\nhttps = true\nhost = 'login.example.kz'",
            "q.toml, line 3: console.port: 443 is the portal's or DNS's already",
        ),
        (
            "[console]\nkey_file = '/etc/qaqpa/console.key'",
            "q.toml: console.certificate_file: certificate_file and key_file go together",
        ),
        ("[console]\nidle_minutes = 0", "q.toml, line 2: console.idle_minutes: "),
    ],
)
def test_what_is_wrong_is_told(text: str, told: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parse(text, "q.toml")
    assert str(raised.value).startswith(told), str(raised.value)


def test_the_firewall_is_told() -> None:
    told = firewall_settings(parse("[console]\ninterface = 'mgmt0'\nport = 9443", "q.toml"))
    assert (told.console_interface, told.console_port) == ("mgmt0", 9443)


def test_port_443_is_free_where_the_portal_is_on_http() -> None:
    assert parse("[console]\ninterface = 'mgmt0'\nport = 443", "q.toml").console.port == 443
