"""The configuration: what the example says is what the code says, and what is wrong is told with line, key and cure."""

from __future__ import annotations

import hashlib
import ipaddress
import tomllib
from pathlib import Path

import msgspec
import pytest

from appliance.config import Config, load, parse
from appliance.daemon import terms
from appliance.errors import ConfigError
from appliance.firewall_words import firewall_settings
from appliance.smpp import provider
from appliance.toml_places import line_of
from appliance.wire import Language
from firewall.settings import Settings
from sms.status import Verdict

TWO_PROVIDERS = "[sms]\n[[sms.provider]]\nname = 'one'\nport = 1\n[[sms.provider]]\n# the second\nhost = 'x'\n"
EXAMPLE = Path(__file__).parents[3] / "appliance" / "example.toml"


def test_example_says_every_key_with_its_default() -> None:
    said = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    assert load(EXAMPLE) == Config()
    # Tables that a venue may have none of can only be shown as a comment.
    assert said | {"workstation": []} == msgspec.json.decode(msgspec.json.encode(Config())), (
        "a key is missing from the example, or has another value there"
    )


def test_empty_file_is_the_defaults() -> None:
    assert parse("", "q.toml") == Config()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "[lan]\nlease_s = 5",
            "q.toml, line 2: lan.lease_s: expected `int` >= 120; allowed: a whole number from 120 to",
        ),
        ("[lann]\nx = 1", 'q.toml, line 1: lann: there is no such key; did you mean "lan"?'),
        (
            "\n[lan]\nadress = '10.0.0.1/24'",
            'q.toml, line 3: lan.adress: there is no such key; did you mean "address"?',
        ),
        (
            "[spending]\nmonthly_sms = 900",
            "q.toml, line 2: spending.monthly_sms: is less than a single day may cost (daily_sms = 1000)",
        ),
        ("[sms.text]\nde = 'x'", "q.toml, line 2: sms.text.de: there is no such key"),
        (
            "[venue]\nlanguage = 'de'",
            'q.toml, line 2: venue.language: invalid enum value \'de\'; allowed: "kk", "ru", "en"',
        ),
        ("[venue]\nname = 'a\"b'", "q.toml, line 2: venue.name: "),
        ("[venue]\nname = '{x}'", "q.toml, line 2: venue.name: "),
        ("[venue]\nname = ''", "q.toml, line 2: venue.name: "),
        ("[venue]\ntimezone = 'Asia/Almatty'", "q.toml, line 2: venue.timezone: is no time zone name"),
        ("[venue]\nlink = 'http://a['", "q.toml, line 2: venue.link: is no address"),
        ("[venue]\nrules = '1/2030'", "q.toml, line 2: venue.rules: "),
        (
            "[venue.terms]\nkk = 'a'\nru = 'b'",
            "q.toml: venue.terms.en: is missing: visitors must be able to read what they agree to",
        ),
        ("[venue.terms]\nkk = 'a'\nru = ' '\nen = 'c'", "q.toml, line 3: venue.terms.ru: is missing"),
        ("[venue.terms]\nkk = ' '", "q.toml, line 2: venue.terms.kk: is missing"),
        (
            f"[venue.terms]\nkk = '{'x' * 3001}'",
            "q.toml, line 2: venue.terms.kk: expected `str` of length <= 3000; allowed: a text of at most 3000",
        ),
        ("[venue.terms]\nde = 'x'", "q.toml, line 2: venue.terms.de: there is no such key"),
        ("[lan]\naddress = '10.0.0.1'", "q.toml, line 2: lan.address: /32 is out of bounds; allowed: /16 to /29"),
        ("[lan]\naddress = '10.0.0.1/8'", "q.toml, line 2: lan.address: /8 is out of bounds"),
        ("[lan]\naddress = '10.0.0.0/24'", "q.toml, line 2: lan.address: 10.0.0.0 is no host address of 10.0.0.0/24"),
        ("[rates]\nvisitor_up_kbit = -1", "q.toml, line 2: rates.visitor_up_kbit: "),
        ("[rates]\nuplink_up_kbit = 63", "q.toml, line 2: rates.uplink_up_kbit: is so slow that no page opens"),
        (
            "[rates]\nuplink_down_kbit = 1000\nvisitor_down_kbit = 2000",
            "q.toml, line 3: rates.visitor_down_kbit: is more than the uplink has (uplink_down_kbit = 1000)",
        ),
        (
            "[venue]\nowner_id = '990140000385'",
            "q.toml, line 2: venue.owner_id: is neither an IIN nor a BIN (checksum)",
        ),
        ("[venue]\nowner_id = '12'", "q.toml, line 2: venue.owner_id: "),
        (
            "[wifi]\nname = 'ЖЖЖЖЖЖЖЖЖЖЖЖЖЖЖЖЖ'",
            "q.toml, line 2: wifi.name: takes 34 bytes; a network's name has at most 32",
        ),
        ("[wifi]\nchannel = 36", "q.toml, line 2: wifi.channel: 36 is none of 2.4 GHz; allowed: 0 (automatic), 1, 2"),
        ("[lan]\naddress = 'gate'", "q.toml, line 2: lan.address: "),
        ("[lan]\naddress = '192.0.2.77/24'", "q.toml, line 2: lan.address: 192.0.2.0/24 is no network for devices"),
        ("[lan]\naddress = '127.0.1.1/16'", "q.toml, line 2: lan.address: 127.0.0.0/16 is no network for devices"),
        ("[wan]\ndns = ['10.77.0.9']", 'q.toml, line 2: wan.dns: "10.77.0.9" is on the visitors\' side (10.77.0.0/16)'),
        (
            "[lan]\naddress6 = 'fd77::1/64'\n[wan]\ndns = ['9.9.9.9', 'fd77::9']",
            'q.toml, line 4: wan.dns: "fd77::9" is on the visitors\' side (fd77::/64)',
        ),
        (
            "[firewall]\nnew_connections_per_s = 0",
            "q.toml, line 2: firewall.new_connections_per_s: expected `int` >= 1; allowed: a whole number from 1 to",
        ),
        (
            "[firewall]\nprivate = true",
            'q.toml, line 2: firewall.private: there is no such key; did you mean "private_wan"?',
        ),
        ("[lan]\ninterface = 'br lan'", "q.toml, line 2: lan.interface: "),
        ("[wan]\ninterface = 'br-lan'", "q.toml, line 2: wan.interface: is the LAN's too"),
        ("[wan]\ndns = ['one.one.one.one']", 'q.toml, line 2: wan.dns: "one.one.one.one" is no IP address'),
        ("[wan]\ndns = '1.1.1.1'", "q.toml, line 2: wan.dns: expected `array`, got `str`"),
        ("[portal]\nport = 8080", "q.toml, line 2: portal.port: port, redirect_port"),
        ("[portal]\nport = 0", "q.toml, line 2: portal.port: expected `int` >= 1"),
        ("[portal]\nhost = 'a b'", "q.toml, line 2: portal.host: "),
        ("[portal]\ngarden = 'pay.example.kz'", "q.toml, line 2: portal.garden: expected `array`, got `str`"),
        *(
            (
                f"[portal]\ngarden = ['good.example.kz', '{bad}']",
                "q.toml, line 2: portal.garden: expected `str` matching",
            )
            for bad in (
                "kz",
                "Pay.example.kz",
                "*.example.kz",
                "pay.example.kz.",
                "192.0.2.1",
                "-a.kz",
                "a-.kz",
                "a..kz",
            )
        ),
        *(
            (f"[portal]\ngarden = ['{bad}']", "q.toml, line 2: portal.garden: expected `str` matching")
            for bad in ("a/b.kz", "a b.kz", "a.kz\\nserver=9.9.9.9", "пей.kz", f"{'a' * 64}.kz", f"{'a.' * 130}kz", "")
        ),
        ('[portal]\ngarden = ["a.kz\\n"]', "q.toml, line 2: portal.garden: expected `str` matching"),
        (
            f"[portal]\ngarden = {[f'h{number}.example.kz' for number in range(101)]}",
            "q.toml, line 2: portal.garden: expected `array` of length <= 100; allowed: host names such as",
        ),
        (
            "[portal]\ngarden = ['apple.com']",
            'q.toml, line 2: portal.garden: "apple.com" would open captive.apple.com, by which',
        ),
        ("[portal]\ngarden = ['www.google.com']", 'q.toml, line 2: portal.garden: "www.google.com" would open'),
        (
            "[portal]\nhost = 'p.kz'\ngarden = ['x.p.kz']",
            'q.toml, line 3: portal.garden: "x.p.kz" is the portal\'s own (portal.host)',
        ),
        ("[password]\ncountries = []", "q.toml, line 2: password.countries: "),
        ("[password]\ncountries = ['kz']", "q.toml, line 2: password.countries: "),
        ("[presence]\ngrace_s = -1", "q.toml, line 2: presence.grace_s: expected `int` >= 0"),
        ("[presence]\nidle_window_s = 9", "q.toml, line 2: presence.idle_window_s: expected `int` >= 10"),
        ("[presence]\nsleep_window_s = 7201", "q.toml, line 2: presence.sleep_window_s: expected `int` <= 7200"),
        (
            "[presence]\nidle_window_s = 300\nsleep_window_s = 299",
            "q.toml, line 3: presence.sleep_window_s: is shorter than idle_window_s (300)",
        ),
        ("[presence]\ngrace_s = '60'", "q.toml, line 2: presence.grace_s: expected `int`, got `str`"),
        ("[visit]\nmax_s = -1", "q.toml, line 2: visit.max_s: expected `int` >= 0"),
        ("[visit]\nquota_mb = 1.5", "q.toml, line 2: visit.quota_mb: expected `int`, got `float`"),
        ("[[sms.provider]]\nsystem_id = 'sixteen-letters!'", "q.toml, line 2: sms.provider.system_id: "),
        (
            "[[sms.provider]]\nsource = 'twelve chars'",
            "q.toml, line 2: sms.provider.source: a sender name has at most 11",
        ),
        ("[[sms.provider]]\npassword_file = 'relative'", "q.toml, line 2: sms.provider.password_file: "),
        (
            "[[sms.provider]]\nhots = 'x'",
            'q.toml, line 2: sms.provider.hots: there is no such key; did you mean "host"?',
        ),
        ("[sms]\nhost = 'x'", 'q.toml, line 2: sms.host: there is no such key; did you mean "provider.host"?'),
        (
            "[sms]\nprovider = []",
            "q.toml, line 2: sms.provider: expected `array` of length >= 1; allowed: 1 to 8 tables",
        ),
        (
            "[[sms.provider]]\nport = 1\n[[sms.provider]]\nport = 2",
            'q.toml, line 3: sms.provider.name: "smsc" is there twice',
        ),
        *(
            (f"{TWO_PROVIDERS}{wrong}", f"q.toml, line 8: sms.provider.{told}")
            for wrong, told in (
                ("port = 0", "port: expected `int` >= 1"),
                ("prot = 1", 'prot: there is no such key; did you mean "port"?'),
                ("bind = 'both'", "bind: invalid enum value 'both'"),
                ("name = 'one'", 'name: "one" is there twice'),
                ("tls_ca_file = '/ca.pem'", "tls_ca_file: is of no use"),
                ("source = 'twelve chars'", "source: a sender name has at most 11"),
                ("prefixes = ['+7705', '7701']", "prefixes: expected `str` matching"),
                ("[sms.provider.status]\n0x0 = 'retry'", "status: 0x0 means"),
            )
        ),
        ("[[sms.provider]]\nbind = 'both'", "q.toml, line 2: sms.provider.bind: invalid enum value 'both'"),
        ("[[sms.provider]]\nprefixes = ['7701']", "q.toml, line 2: sms.provider.prefixes: expected `str` matching"),
        ("[[sms.provider]]\nprefixes = ['+7701']", "q.toml, line 2: sms.provider.prefixes: no provider serves numbers"),
        ("[[sms.provider]]\ntls_ca_file = '/ca.pem'", "q.toml, line 2: sms.provider.tls_ca_file: is of no use"),
        ("[sms.provider]\nhost = 'x'", "q.toml, line 1: sms.provider: expected `array`, got `object`"),
        (
            "[[sms.provider]]\n[sms.provider.status]\n0x0403 = 'no'",
            "q.toml, line 2: sms.provider.status: invalid enum value 'no'",
        ),
        ("[[sms.provider]]\n[sms.provider.status]\n0x0 = 'retry'", "q.toml, line 2: sms.provider.status: 0x0 means"),
        (
            "[portal]\nhost = 'login.a-quite-long-name.example.kz'\n"
            "[sms.text]\nkk = '{venue}: құпия сөз {password} осында'",
            "q.toml, line 4: sms.text.kk: takes 2 SMS with this venue's name and the line "
            '"@login.a-quite-long-name.example.kz #000000" (sms.bound); it must fit one',
        ),
        ("[sms.text]\nkk = 'no place for it'", "q.toml, line 2: sms.text.kk: must contain {password}"),
        (f"[sms.text]\nkk = '{{password}} {'ә' * 70}'", "q.toml, line 2: sms.text.kk: takes 2 SMS"),
        ("[paths]\nstate = '/var/lib/q;rm'", "q.toml, line 2: paths.state: "),
        ("venue = 5", "q.toml, line 1: venue: expected `object`, got `int`"),
        ("x =", "q.toml: is not TOML"),
    ],
)
def test_what_is_wrong_is_told(text: str, told: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parse(text, "q.toml")
    assert str(raised.value).startswith(told), str(raised.value)


def test_a_garden() -> None:
    names = ("pay.example.kz", "xn--80a.kz", "3d-secure.bank-1.kz", f"{'a' * 63}.kz")
    assert parse(f"[portal]\ngarden = {list(names)}", "q.toml").portal.garden == names


def test_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b"[venue]\nname = '\xe9'")
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path / "latin.toml")


def test_line_of_looks_in_the_right_section() -> None:
    text = "[a]\nport = 1\n\n[b]\n# port = 2\nport = 3\n[b.c]\nport = 4\n"
    assert [line_of(text, key) for key in ("a.port", "b.port", "b.c.port", "b.c", "a.none")] == [2, 6, 8, 7, None]


def test_the_last_line_binds_the_password_to_a_name_and_never_to_an_address() -> None:
    def text(toml: str) -> str:
        config = parse(toml, "q.toml")
        return config.sms.text.fill(Language.ENGLISH, "Cafe", "123456", config.bound_host)

    assert text("[portal]\nhost = 'wifi.example.kz'") == "Cafe: password 123456\n@wifi.example.kz #123456"
    plain = "Cafe: password 123456"
    assert text("[portal]\nhost = 'wifi.example.kz'\n[sms]\nbound = false") == plain
    assert text("[portal]\nhost = '10.0.0.1'") == plain
    assert text("") == plain


def test_the_standard_texts_fit_one_sms_with_a_bound_line_in_every_language() -> None:
    parse("[venue]\nname = 'Кофейня Достық'\n[portal]\nhost = 'wifi.example.kz'", "q.toml")


def test_several_providers_in_the_owners_order() -> None:
    text = """
        [[sms.provider]]
        name = "first"
        prefixes = ["+7701"]
        tls = true
        [sms.provider.status]
        0x0403 = "credentials"
        [[sms.provider]]
        name = "second"
    """
    first, second = (provider(one, "hush-me") for one in parse(text, "q.toml").sms.provider)
    assert (first.name, first.tls, first.prefixes) == ("first", True, ("+7701",))
    assert first.statuses == {0x0403: Verdict.CREDENTIALS}
    assert (second.name, second.tls, second.statuses) == ("second", False, {})


def test_the_firewall_is_told_every_setting_of_its_section() -> None:
    text = "private_wan = true\nnew_connections_per_s = 7\nnew_connections_burst = 8\nconnections_per_device = 9"
    told = firewall_settings(parse(f"[firewall]\n{text}", "q.toml"))
    assert (told.private_wan, told.new_connections_per_s) == (True, 7)
    assert (told.new_connections_burst, told.connections_per_device) == (8, 9)
    defaults = firewall_settings(Config())
    assert defaults == Settings(
        "br-lan",
        ipaddress.IPv4Interface("10.77.0.1/16"),
        "wan0",
    ), "what the example says is what the firewall does by itself"


def test_terms_are_known_by_the_digest_of_each_text() -> None:
    texts = {"kk": "Шарттар", "ru": "Условия", "en": "Terms"}
    told = "[venue.terms]\n" + "\n".join(f"{language} = '{text}'" for language, text in texts.items())
    digests = terms(parse(told, "q.toml")).terms_digests
    assert digests == {hashlib.sha256(text.encode("utf-8")).hexdigest() for text in texts.values()}
    assert terms(Config()).terms_digests == frozenset()


def test_a_venue_is_open_unless_its_owner_says_otherwise() -> None:
    assert terms(Config()).is_open
    assert not terms(parse("[venue]\nopen = false", "q.toml")).is_open
