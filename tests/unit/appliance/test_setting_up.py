"""What `qaqpa setup` concludes: the ports' roles, what stands in the way, the configuration."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from appliance.config import Config, load
from appliance.setting_up import Choice, Seen, configuration, guessed, lan_address, problems
from firewall.machine_ports import MachinePort

EXAMPLE = Path(__file__).parents[3] / "appliance/example.toml"


def port(name: str, *, carrier: bool = True, addresses: tuple[str, ...] = (), route: bool = False) -> MachinePort:
    return MachinePort(name, "02:00:00:00:00:01", carrier, 1000, False, "", addresses, route)


UPLINK = Seen(port("enp1s0", addresses=("192.0.2.5/24",), route=True))
OTHER = Seen(port("enp2s0", carrier=False))
CHOICE = Choice("enp1s0", ("enp2s0",))


def said(*seen: Seen, choice: Choice = CHOICE) -> str:
    return "\n".join(problems(choice, seen))


def test_the_uplink_is_where_the_internet_is() -> None:
    roles = guessed([OTHER, UPLINK])
    assert (roles.uplink, roles.lan, roles.sure) == ("enp1s0", ("enp2s0",), True)


def test_a_port_that_is_in_a_bridge_has_its_role_already() -> None:
    assert guessed([UPLINK, Seen(replace(OTHER.port, bridge="virbr0"))]).lan == ()


def test_two_free_ports_have_nothing_in_the_way() -> None:
    assert said(UPLINK, OTHER) == ""


@pytest.mark.parametrize(
    ("uplink", "other", "sentence"),
    [
        (UPLINK, replace(OTHER, holder="NetworkManager"), "unmanaged-devices=interface-name:enp2s0"),
        (replace(UPLINK, holder="/etc/network/interfaces"), OTHER, "/etc/network/interfaces configures enp1s0"),
        (UPLINK, replace(OTHER, offered=True), "a DHCP server answers behind enp2s0"),
        (UPLINK, Seen(port("enp2s0", addresses=("192.168.9.2/24",))), "ip address del 192.168.9.2/24 dev enp2s0"),
        (UPLINK, Seen(replace(OTHER.port, bridge="virbr0")), "enp2s0 is a part of the bridge virbr0"),
        (UPLINK, Seen(replace(OTHER.port, wireless=True)), "enp2s0 is a radio"),
    ],
)
def test_what_stands_in_the_way_is_said_with_what_to_do(uplink: Seen, other: Seen, sentence: str) -> None:
    assert sentence in said(uplink, other)


def test_visitors_do_not_come_where_the_internet_is() -> None:
    found = said(UPLINK, OTHER, choice=Choice("enp2s0", ("enp1s0",)))
    assert "the Internet is reached over enp1s0" in found
    assert "ip address del" not in found, "to take the way to the Internet away is no remedy"


def test_a_port_that_is_not_there_or_named_twice() -> None:
    assert "there is no port enp9s0; there are: enp1s0, enp2s0" in said(
        UPLINK, OTHER, choice=Choice("enp1s0", ("enp9s0",))
    )
    assert "named twice" in said(UPLINK, OTHER, choice=Choice("enp1s0", ("enp1s0",)))
    assert "no port is left for visitors" in said(UPLINK, choice=Choice("enp1s0", ()))


def test_visitors_may_come_by_a_vlan_of_the_only_port() -> None:
    assert said(UPLINK, choice=Choice("enp1s0", ("enp1s0.20",))) == ""
    assert "there is no port enp9s0" in said(UPLINK, choice=Choice("enp1s0", ("enp9s0.20",)))


def test_the_visitors_network_overlaps_none_of_the_machine() -> None:
    assert lan_address([UPLINK, OTHER]) == "10.77.0.1/16"
    behind_ten = Seen(port("enp1s0", addresses=("10.0.0.5/8", "2001:db8::5/64"), route=True))
    assert lan_address([behind_ten, OTHER]) == "172.20.0.1/16"
    everything = Seen(port("enp1s0", addresses=("10.0.0.5/8", "172.16.0.1/12", "192.168.0.1/16"), route=True))
    assert lan_address([everything, OTHER]) is None
    assert "is free for visitors" in said(everything, OTHER)


@pytest.mark.parametrize("lan", [("enp2s0",), ("enp1s0.20",), ("enp2s0", "enp3s0")])
def test_the_configuration_is_one_that_can_be_used(lan: tuple[str, ...], tmp_path: Path) -> None:
    example = EXAMPLE.read_text(encoding="utf-8")
    text = configuration(example, Choice("enp1s0", lan), "172.20.0.1/16")
    file = tmp_path / "qaqpa.toml"
    file.write_text(text, encoding="utf-8")
    config = load(file)
    assert (config.wan.interface, config.console.interface, config.lan.ports) == ("enp1s0", "enp1s0", lan)
    assert (config.lan.address, config.venue.open, config.makes_network) == ("172.20.0.1/16", False, True)
    # All else is the example's own, comments included.
    changed = set(text.splitlines()) ^ set(example.splitlines())
    assert len(changed) == 10
    same = msgspec.structs.replace(config, venue=Config().venue, lan=Config().lan, wan=Config().wan)
    assert msgspec.structs.replace(same, console=Config().console) == load_example()


def load_example() -> Config:
    return msgspec.structs.replace(
        load(EXAMPLE), venue=Config().venue, lan=Config().lan, wan=Config().wan, console=Config().console
    )
