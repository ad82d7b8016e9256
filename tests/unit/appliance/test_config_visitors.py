"""The visitors' network, the owner's computers and the texts, as the configuration is judged."""

from __future__ import annotations

import msgspec
import pytest

from appliance import contradictions
from appliance.config import Config, parse
from appliance.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[lan]\naddress6 = 'fd77::/64'", "lan.address6: fd77::/64 is no host address of a /64"),
        ("[lan]\naddress6 = 'fd77::1/80'", "lan.address6: fd77::1/80 is no host address of a /64"),
        ("[lan]\naddress6 = 'fe80::1/64'", "lan.address6: fe80::1/64 is no address for a network"),
        ("[lan]\naddress6 = 'ff02::1/64'", "lan.address6: ff02::1/64 is no address for a network"),
        ("[lan]\naddress = 'here'\naddress6 = 'fd77::1/64'", "lan.address: "),
        ("[[workstation]]\nnumber = '3'", '"3" needs either mac or port'),
        ("[[workstation]]\nnumber = '3'\nmac = '02:00:00:00:00:03'\nport = 'lan4'", '"3" needs either mac or port'),
        (
            "[[workstation]]\nnumber = '3'\nport = 'lan3'\n[[workstation]]\nnumber = '3'\nport = 'lan4'",
            '"3": two workstations have the same number 3',
        ),
        (
            "[[workstation]]\nnumber = '3'\nport = 'lan3'\n[[workstation]]\nnumber = '4'\nport = 'lan3'",
            '"4": two workstations have the same place lan3',
        ),
        ("[sms.text]\nkk = ''", "sms.text.kk: must contain {password}"),
        (f"[venue.terms]\nkk = '{'ә' * 20_001}'", "allowed: a text of at most"),
    ],
)
def test_what_is_wrong_is_told(text: str, told: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse(text, "q.toml")
    assert told in str(refused.value)


def test_a_network_that_is_none_is_said_once() -> None:
    """What else depends on it has nothing to say: it would be a second sentence about the same mistake."""
    lan = msgspec.structs.replace(Config().lan, address="here", address6="there")
    found = contradictions.contradictions(msgspec.structs.replace(Config(), lan=lan))
    assert [key for key, _ in found] == ["lan.address", "lan.address6"]
