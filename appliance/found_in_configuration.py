"""Every sentence, in English, about what is wrong in a configuration; the key that it is about stands before it.

Must not know: how any of it is found out.
"""

from __future__ import annotations

from collections.abc import Mapping

ALLOWED: Mapping[str, str] = {
    "an interface name (1-15 of A-Z a-z 0-9 . _ -)": "interface",
    "an interface name (1-15 of A-Z a-z 0-9 . _ -), or empty": "optional_interface",
    "a host name or an IPv4 address": "host",
    "a host name or address": "server",
    "an absolute path without blanks": "path",
    "an absolute path without blanks, or empty": "optional_path",
    "two capital letters (ISO 3166)": "country",
    "host names in lower case, such as pay.example.kz, without * and final dot; at most 100": "garden_name",
    "host names such as pay.example.kz, at most 100": "garden",
    "a text of at most 3000 characters, a line for each paragraph": "terms",
    "a name without quotes or {}$\\": "venue_name",
    'a colour such as "#00697d", in lower case, or empty': "colour",
    'an address such as "https://cafe.example.kz", or empty': "link",
    'the only rule set there is: "67/2016"': "rules",
    "one line of at most 200 characters": "line",
    "the twelve digits of an IIN or a BIN, or empty": "owner_id",
    "1 to 16 letters, digits or hyphens": "workstation",
    "a MAC address such as 02:00:00:00:00:01": "mac",
    "the name of a bridge port": "bridge_port",
    "1 to 20 ASCII characters without blanks": "provider_name",
    "1 to 15 ASCII characters": "system_id",
    "at most 12 ASCII characters": "system_type",
    "1 to 20 ASCII characters": "source",
    'prefixes such as "+7701", at most 100': "prefixes",
    'status codes such as "0x0403" = "credentials"': "statuses",
    "1 to 8 tables [[sms.provider]]": "providers",
    'names of ports such as "enp2s0", at most 32': "ports",
    'a folder such as "https://updates.example.kz/qaqpa", or empty': "folder",
    "at most 32 bytes on one line": "network_name",
    "at most 200 tables [[workstation]]": "workstations",
}
"""What a key's type says of itself (``appliance.sections``) → the end of the code ``misfit.…``."""

SENTENCES: Mapping[str, str] = {
    # ── the text itself ──
    "toml": "is not TOML: %(said)s",
    "no_such_key": "there is no such key",
    "no_such_key.nearest": 'there is no such key; did you mean "%(nearest)s"?',
    "misfit": "%(said)s",
    "misfit.whole": "%(said)s; allowed: a whole number from %(least)s to %(most)s",
    "misfit.long": "%(said)s; allowed: a text of at most %(most)s characters",
    "misfit.choice": "%(said)s; allowed: %(choices)s",
    **{f"misfit.{kind}": f"%(said)s; allowed: {allowed.replace('%', '%%')}" for allowed, kind in ALLOWED.items()},
    # ── venue ──
    "venue.timezone": 'is no time zone name; for example "Asia/Almaty"',
    "venue.link": 'is no address (%(said)s); for example "https://cafe.example.kz"',
    "venue.colour": "has a contrast of %(has)s:1 with the page's white; %(enough)s:1 is needed to "
    'read words (WCAG AA), and the nearest shade that has it is "%(nearest)s"',
    "venue.owner_id.malformed": "is neither an IIN nor a BIN (malformed); copy it from the owner's papers",
    "venue.owner_id.date": "is neither an IIN nor a BIN (date); copy it from the owner's papers",
    "venue.owner_id.kind": "is neither an IIN nor a BIN (kind); copy it from the owner's papers",
    "venue.owner_id.checksum": "is neither an IIN nor a BIN (checksum); copy it from the owner's papers",
    "venue.terms": "is missing: visitors must be able to read what they agree to",
    "venue.logo.refused": "%(said)s",
    # ── lan ──
    "lan.bounds": "/%(length)s is out of bounds; allowed: /16 to /29",
    "lan.no_host": "%(address)s is no host address of %(network)s",
    "lan.special": "%(network)s is no network for devices; allowed: a private one such as 10.77.0.1/16",
    "lan.address": '%(said)s; allowed: address/prefix, for example "10.77.0.1/16"',
    "lan.address6": '%(said)s; allowed: address/64, for example "fd77:6b7a:1::1/64"',
    "lan.no_host6": "%(address)s is no host address of a /64, and phones make addresses only in one",
    "lan.special6": "%(address)s is no address for a network; take a ULA (fd…) or your provider's",
    "lan.ports.twice": '"%(port)s" is there twice',
    "lan.ports.bridge": '"%(port)s" is the bridge itself (lan.interface); name what is plugged in',
    "lan.ports.wan": '"%(port)s" leads to the Internet (wan.interface); visitors come by another port',
    "lan.ports.part": '"%(port)s" is part of "%(carrier)s", which is in the bridge as a whole',
    "port.vlan": '"%(port)s" names the VLAN %(vlan)s; allowed: 1 to 4094',
    "port.visitors": '"%(port)s" is a VLAN of "%(carrier)s", by which visitors come (lan.ports); take another',
    "port.absent": 'there is no port "%(port)s"; there are: %(others)s',
    # ── wan ──
    "wan.same": 'is the LAN\'s too ("%(port)s"); the two sides must differ',
    "wan.useless": "is of no use while lan.ports and wifi.interface are empty: whoever made the bridge sets it",
    "wan.address": '"%(address)s" is no address/prefix, for example "198.51.100.7/24"; empty: by DHCP',
    "wan.gateway": '"%(address)s" is no address; with wan.address it is needed: your provider tells it',
    "wan.neighbour": "%(gateway)s is no neighbour of %(own)s; your provider tells both",
    "wan.overlaps": "%(network)s overlaps the visitors' network %(lan)s; change lan.address",
    "wan.dns.missing": "is empty, and with a fixed wan.address nobody else tells us any; name your provider's",
    "wan.dns.address": '"%(server)s" is no IP address',
    "wan.dns.visitors": '"%(server)s" is on the visitors\' side (%(lan)s); name a server behind the uplink',
    # ── wifi ──
    "wifi.name": "takes %(size)s bytes; a network's name has at most %(most)s (a Cyrillic letter is two)",
    "wifi.channel": "%(channel)s is none of %(band)s GHz; allowed: 0 (automatic), %(channels)s",
    "wifi.interface.long": '"%(port)s" is longer than %(most)s characters, and security "owe" needs a second '
    "network's name made of it; rename the interface, or take another security",
    "wifi.interface.taken": '"%(port)s" is %(key)s too; the radio is for visitors, and joins the bridge by itself',
    "wifi.password.unreadable": "%(path)s cannot be read (%(said)s)",
    "wifi.password.characters": "%(path)s must have 8 to 63 printable ASCII characters",
    # ── rates, portal, spending, presence ──
    "rates.too_slow": "is so slow that no page opens; allowed: 0 (none), or %(least)s and more",
    "rates.too_fast": "is more than the uplink has (uplink_%(way)s_kbit = %(line)s)",
    "portal.garden.probed": '"%(name)s" would open %(probed)s, by which devices notice the login page; name a narrower '
    "host",
    "portal.garden.own": '"%(name)s" is the portal\'s own (portal.host), which is open anyway',
    "portal.port": "port, redirect_port, captive_dns_port and 53 (DNS) must all differ",
    "portal.https": "serves port %(port)s; port, redirect_port and captive_dns_port must be others",
    "portal.host.name": "must be a name such as login.example.kz when portal.https is true: certificates name names",
    "portal.host.long": "is too long: DHCP carries addresses of at most %(most)s bytes (RFC 8910)",
    "spending.monthly": "is less than a single day may cost (daily_sms = %(daily)s)",
    "presence.sleep": "is shorter than idle_window_s (%(idle)s); sleepers need the longer of the two",
    # ── sms ──
    "sms.name": '"%(name)s" is there twice; give each provider a name of its own',
    "sms.source": "a sender name has at most 11 characters, this one %(size)s; "
    "a number needs source_ton = 1 and source_npi = 1",
    "sms.tls": "is of no use without tls = true",
    "sms.status": "0x0 means accepted and nothing else",
    "sms.prefixes": "no provider serves numbers other than %(served)s; leave one without prefixes",
    "sms.text.password": "must contain {password}",
    "sms.text.refused": "%(said)s",
    "sms.text.one": "takes %(count)s SMS with this venue's name; it must fit one",
    "sms.text.parts": "takes %(count)s SMS with this venue's name; sms.max_parts is %(most)s",
    "sms.text.one_bound": 'takes %(count)s SMS with this venue\'s name and the line "@%(host)s #000000" (sms.bound); '
    "it must fit one",
    "sms.text.parts_bound": 'takes %(count)s SMS with this venue\'s name and the line "@%(host)s #000000" (sms.bound); '
    "sms.max_parts is %(most)s",
    "sms.password.unreadable": "%(path)s cannot be read (%(said)s)",
    "sms.password.characters": "%(path)s has other characters than printable ASCII",
    "sms.password.refused": "%(path)s: %(said)s",
    "sms.password.empty": "%(path)s is empty; write the SMPP password into it",
    "sms.password.closed": "%(path)s cannot be read by the user %(user)s; "
    "chown root:%(user)s, chmod 640, in a directory that it may enter",
    "sms.provider.sealed": "is not whom this provider's password was sealed for; root changes that in the file itself",
    # ── workstations, console ──
    "workstation.place": '"%(number)s" needs either mac or port, by which it is found',
    "workstation.twice": '"%(number)s": two workstations have the same %(what)s',
    "console.certificate": "certificate_file and key_file go together: give both, or none",
    "console.visitors": '"%(port)s" is on the visitors\' side; name a port or VLAN of its own',
    "console.visitors.ports": '"%(port)s" is on the visitors\' side (lan.ports); name a port or VLAN of its own',
    "console.port": "%(port)s is the portal's or DNS's already; 8443 is free unless you took it",
    # ── on this machine ──
    "paths.fixed": "cannot be changed while the gate runs: edit the file with all units stopped",
    "file.strange": "%(path)s is no plain file; name one",
    "file.console": "%(path)s is in a folder of the console's; put it into /etc/qaqpa",
    "file.large": "%(path)s has %(size)s bytes; no such file has more than %(most)s",
    "machine": "%(said)s",
}
