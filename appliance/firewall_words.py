"""The configuration's words about the network, for the firewall. Pure. Must not know: what becomes of them."""

from __future__ import annotations

from appliance.config import Config
from firewall.rates import Rates
from firewall.settings import Settings


def firewall_settings(config: Config) -> Settings:
    """The configuration's words about the network, for the firewall."""
    return Settings(
        lan_interface=config.lan.interface,
        lan=config.lan.gate,
        wan_interface=config.wan.interface,
        lan6=config.lan.gate6,
        masquerade6=config.wan.masquerade6,
        portal_port=config.portal.port,
        redirect_port=config.portal.redirect_port,
        captive_dns_port=config.portal.captive_dns_port,
        portal_https=config.portal.https,
        rates=Rates(
            line_down_kbit=config.rates.uplink_down_kbit,
            line_up_kbit=config.rates.uplink_up_kbit,
            visitor_down_kbit=config.rates.visitor_down_kbit,
            visitor_up_kbit=config.rates.visitor_up_kbit,
        ),
        private_wan=config.firewall.private_wan,
        new_connections_per_s=config.firewall.new_connections_per_s,
        new_connections_burst=config.firewall.new_connections_burst,
        connections_per_device=config.firewall.connections_per_device,
        console_interface=config.console.interface,
        console_port=config.console.port,
    )
