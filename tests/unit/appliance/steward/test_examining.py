"""How old what the doctor said may be."""

from __future__ import annotations

from dataclasses import dataclass, field

from appliance.steward.examining import GOOD_FOR_S, Examining
from appliance.steward.wire import Examination, LightName


@dataclass
class Doctor:
    """Takes its time, and counts its looks."""

    takes_s: float = 0.5
    now_s: float = 100.0
    looks: int = 0
    found: tuple[Examination, ...] = field(default=(Examination(True, "all is well", "", LightName.GATE),))

    def look(self) -> tuple[Examination, ...]:
        self.looks += 1
        self.now_s += self.takes_s
        return self.found


def test_a_look_is_good_for_some_seconds() -> None:
    doctor = Doctor()
    examining = Examining(doctor.look, lambda: doctor.now_s, lambda: doctor.now_s)
    assert examining.examine().findings == doctor.found
    doctor.now_s += GOOD_FOR_S - 1
    assert examining.examine().at_utc_ms == 100_500
    assert doctor.looks == 1
    doctor.now_s += 1
    assert examining.examine().at_utc_ms == 111_000
    assert doctor.looks == 2


def test_a_look_that_takes_long_is_good_for_longer() -> None:
    doctor = Doctor(takes_s=6.0)
    examining = Examining(doctor.look, lambda: doctor.now_s, lambda: doctor.now_s)
    examining.examine()
    doctor.now_s += 59
    examining.examine()
    assert doctor.looks == 1
