"""When certificates end, for whoever watches."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from appliance import own_certificate
from appliance.certificate_ends import ends_utc_s
from appliance.config import Config
from appliance.sections import Paths, Portal
from appliance.sections_console import Console

NOW_S = 1_795_338_000.0


def test_the_certificates_in_use_and_no_other(tmp_path: Path) -> None:
    paths = Paths(state=str(tmp_path))
    config = Config(paths=paths, console=Console(interface="mgmt0"), portal=Portal(https=True, host="login.example.kz"))
    assert ends_utc_s(config) == {}, "none is there yet"
    (tmp_path / "conf").mkdir()
    pem = own_certificate.make("qaqpa", [], NOW_S)
    for name in ("console.pem", "portal.pem"):
        (tmp_path / "conf" / name).write_bytes(pem)
    ends = NOW_S + own_certificate.VALID_DAYS * 86400
    assert ends_utc_s(config) == {"console": ends, "portal": ends}
    assert ends_utc_s(replace(config, portal=Portal())) == {"console": ends}
    (tmp_path / "conf" / "console.pem").write_text("damaged")
    assert ends_utc_s(config) == {"portal": ends}
