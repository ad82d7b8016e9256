"""A new box looks at its ports: which leads to the Internet, which to visitors, and when it must ask."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.port_roles import PortSeen, Roles, Why, guess


def port(name: str, *, plugged: bool = True, offered: bool = False, routed: bool = False) -> PortSeen:
    return PortSeen(name, carrier=plugged, offered=offered, default_route=routed)


RADIO = PortSeen("wlan0", carrier=False, wireless=True)
EMPTY = port("eth1", plugged=False)


@pytest.mark.parametrize(
    ("ports", "roles"),
    [
        pytest.param(
            [port("eth0"), port("eth1", offered=True)],
            Roles("eth1", ("eth0",), "", (Why.OFFERED, Why.REST)),
            id="a DHCP server answers upstream, an access point is behind the other",
        ),
        pytest.param(
            [port("eth0", offered=True), EMPTY, port("eth2")],
            Roles("eth0", ("eth1", "eth2"), "", (Why.OFFERED, Why.REST)),
            id="all others are for visitors, plugged or not",
        ),
        pytest.param(
            [port("eth0"), port("eth1", routed=True)],
            Roles("eth1", ("eth0",), "", (Why.ROUTED, Why.REST)),
            id="no DHCP, but a route that somebody set",
        ),
        pytest.param(
            [port("eth0", offered=True), port("eth1", offered=True, routed=True), port("eth2")],
            Roles("eth1", ("eth2",), "", (Why.SEVERAL, Why.REST)),
            id="two DHCP servers: the one with the route, and the other is left alone",
        ),
        pytest.param(
            [port("eth0", offered=True), port("eth1", offered=True)],
            Roles("eth0", (), "", (Why.SEVERAL, Why.ONE_PORT)),
            id="two DHCP servers and no port for visitors",
        ),
        pytest.param(
            [EMPTY, port("eth2")], Roles("eth2", ("eth1",), "", (Why.PLUGGED, Why.REST)), id="plugged, nobody answers"
        ),
        pytest.param([EMPTY], Roles("eth1", (), "", (Why.FIRST, Why.ONE_PORT)), id="one port, nothing in it"),
        pytest.param(
            [port("eth0", offered=True), RADIO],
            Roles("eth0", (), "wlan0", (Why.OFFERED, Why.RADIO)),
            id="one port and a radio",
        ),
        pytest.param(
            [port("eth0", offered=True)],
            Roles("eth0", (), "", (Why.OFFERED, Why.ONE_PORT)),
            id="one port: visitors could only come tagged",
        ),
        pytest.param([RADIO], Roles("", (), "wlan0", (Why.NO_PORT, Why.RADIO)), id="a radio alone"),
        pytest.param([], Roles("", (), "", (Why.NO_PORT,)), id="nothing at all"),
    ],
)
def test_each_port_has_its_role(ports: list[PortSeen], roles: Roles) -> None:
    assert guess(ports) == roles


def test_it_is_sure_only_where_the_ports_told() -> None:
    assert guess([port("eth0", offered=True), EMPTY]).sure
    assert guess([port("eth0", routed=True), EMPTY]).sure
    for unsure in ([EMPTY], [port("eth0"), EMPTY], [port("eth0", offered=True)], [RADIO]):
        assert not guess(unsure).sure


@given(
    st.lists(
        st.builds(
            PortSeen,
            name=st.from_regex(r"[a-z]{1,3}[0-9]", fullmatch=True),
            carrier=st.booleans(),
            offered=st.booleans(),
            default_route=st.booleans(),
            wireless=st.booleans(),
        ),
        max_size=8,
        unique_by=lambda each: each.name,
    )
)
def test_no_port_has_two_roles_and_no_network_of_the_venue_is_the_visitors(ports: list[PortSeen]) -> None:
    roles = guess(ports)
    given_out = [name for name in (roles.uplink, *roles.lan, roles.radio) if name]
    assert len(set(given_out)) == len(given_out)
    assert not {each.name for each in ports if each.offered and not each.wireless} & set(roles.lan)
    assert bool(roles.uplink) == any(not each.wireless for each in ports)
