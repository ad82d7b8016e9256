"""SMS pumping as the fraud would do it, on a day with ordinary visitors: what it costs, and who still gets in."""

from __future__ import annotations

import pytest

from appliance import wire
from appliance.allowances import Allowances, Limit
from appliance.spending import Budget
from appliance.state import Terms
from tests.unit.appliance.town import HOUR_S, Crowd, Town

SEED = 20261122
MACS = 10_000
DAY_S = 24 * HOUR_S


class Day:
    """Yesterday 150 people were here. Today they come again, with 250 others, while the fraud asks from 10,000 MAC
    addresses between the second and the sixth of twelve hours."""

    def __init__(self, pumped: str, terms: Terms | None = None, macs: int = MACS, patient: bool = False) -> None:
        self.town = Town(terms or Terms(), SEED)
        town, chance = self.town, self.town.chance
        self.yesterday, self.regulars, self.newcomers, self.pump, self.late = (Crowd() for _ in range(5))
        known = [town.number() for _ in range(150)]
        for number in known:
            town.visit(self.yesterday, chance.uniform(0, 8 * HOUR_S), number, for_sure=True)
        for number in known:
            town.visit(self.regulars, DAY_S + chance.uniform(0, 12 * HOUR_S), number)
        for number in [town.number() for _ in range(250)]:
            elsewhere = not (pumped and number.startswith(pumped))
            town.visit(self.newcomers if elsewhere else Crowd(), DAY_S + chance.uniform(0, 12 * HOUR_S), number)
        for _ in range(macs):
            town.pump(self.pump, DAY_S + chance.uniform(2 * HOUR_S, 6 * HOUR_S), town.number(pumped), patient)
        for _ in range(50):  # the next day
            town.visit(self.late, DAY_S + chance.uniform(20 * HOUR_S, 30 * HOUR_S), town.number())

    def live(self) -> None:
        """With a restart and a power failure in the worst moment."""
        town = self.town
        town.plan(DAY_S + 3 * HOUR_S, town.restart)
        town.plan(DAY_S + 4 * HOUR_S, town.reboot)
        town.live(DAY_S + 32 * HOUR_S)
        assert max(town.sent_by_day.values()) <= town.terms.budget.daily_sms


def test_an_ordinary_day_knows_no_refusal() -> None:
    """Else all that follows proves nothing."""
    day = Day(pumped="", macs=0)
    day.live()
    for crowd in (day.yesterday, day.regulars, day.newcomers, day.late):
        assert crowd.served == crowd.came > 0, crowd


def test_ten_thousand_mac_addresses_and_one_range() -> None:
    day = Day(pumped="+7701123")
    day.live()
    assert day.pump.sent <= 30, "20 at once, and what four hours forgive"
    for crowd in (day.regulars, day.newcomers, day.late):
        assert crowd.served == crowd.came > 0, crowd


def test_ten_thousand_mac_addresses_and_one_operator() -> None:
    day = Day(pumped="+7701")
    day.live()
    assert day.pump.sent <= 90, "50 at once, and what four hours forgive"
    for crowd in (day.regulars, day.newcomers, day.late):
        assert crowd.served == crowd.came > 0, crowd


@pytest.fixture(scope="module")
def any_number() -> Day:
    """The day on which no prefix tells the fraud from the visitors, lived."""
    day = Day(pumped="")
    day.live()
    return day


def test_ten_thousand_mac_addresses_and_any_number(any_number: Day) -> None:
    """No prefix tells the fraud from the visitors. These wait a minute while it lasts, and all get in."""
    day = any_number
    assert day.pump.sent <= 260, "a quarter of the budget"
    assert day.newcomers.refusals.keys() == {wire.Refusal.NOT_YOUR_TURN}
    for crowd in (day.regulars, day.newcomers, day.late):
        assert crowd.served == crowd.came > 0, crowd


def test_ten_thousand_patient_mac_addresses_and_any_number() -> None:
    """A fraud that keeps its addresses on the network and waits like a visitor cannot be told from one. Then numbers
    that were here before get in, new ones from the next day on, and it costs no more."""
    day = Day(pumped="", patient=True)
    day.live()
    assert day.pump.sent <= 340, "250 at once, and what four hours forgive"
    for crowd in (day.regulars, day.late):
        assert crowd.served == crowd.came > 0, crowd
    assert 0 < day.newcomers.served < day.newcomers.came, "told plainly: these are sent to the desk"


@pytest.mark.parametrize("patient", [False, True])
def test_a_small_budget_holds_too(patient: bool) -> None:
    day = Day("", Terms(budget=Budget(daily_sms=200, monthly_sms=400)), patient=patient)
    day.live()
    assert sum(day.town.sent_by_day.values()) <= 400


def test_a_month_of_it_costs_no_more_than_the_month_and_the_regulars_come_every_day() -> None:
    town = Town(Terms(budget=Budget(daily_sms=100, monthly_sms=1500)), SEED)
    regulars, pump = Crowd(), Crowd()
    known = [town.number() for _ in range(5)]
    for number in known:
        town.visit(regulars, town.chance.uniform(0, HOUR_S), number, for_sure=True)
    for day in range(1, 32):
        for number in known:
            town.visit(regulars, day * DAY_S + town.chance.uniform(0, 12 * HOUR_S), number)
        for _ in range(200):
            town.pump(pump, day * DAY_S + town.chance.uniform(0, 24 * HOUR_S), town.number(), patient=True)
        town.plan(day * DAY_S + 6 * HOUR_S, town.reboot if day % 3 else town.restart)
    town.live(33 * DAY_S)
    by_month: dict[str, int] = {}
    for today, sent in town.sent_by_day.items():
        assert sent <= 100
        by_month[today.month] = by_month.get(today.month, 0) + sent
    assert all(sent <= 1500 for sent in by_month.values()), by_month
    assert pump.sent > 500, "a fraud that is stopped at once would not try the month"
    assert regulars.served == regulars.came == 5 * 32


def test_invented_numbers_and_addresses_take_no_room(any_number: Day) -> None:
    """What is kept is bounded by what was sent, and gone when it no longer counts."""
    day = any_number
    sent = sum(day.town.sent_by_day.values())
    assert day.town.most_kept <= 8 * sent, "pending, message, number, device, range, operator; regular; the venue's few"
    day.town.live(DAY_S + 90 * HOUR_S)
    assert {key.partition("/")[0] for key in day.town.kept} == {"spending", "regular"}
    people = day.yesterday.came + day.newcomers.came + day.late.came + 100
    assert len(day.town.kept) <= people


def test_somebody_elses_phone_is_not_rung_all_day() -> None:
    """One victim, a new MAC address for every request."""
    town, pump = Town(Terms(), SEED), Crowd()
    for second in range(0, 24 * 3600, 30):
        town.pump(pump, float(second), "+77011234567")
    town.live(24 * HOUR_S)
    assert pump.sent <= 5 * 24
    assert pump.sent <= 20 + 40, "the range's debts hold sooner than the number's own limit"


def test_one_own_card_does_not_buy_a_pump_more_than_a_few() -> None:
    """The fraud logs in with a number of the range, again and again, to make the range look honest."""
    town, pump, own = Town(Terms(), SEED), Crowd(), Crowd()
    for minute in range(0, 4 * 60, 10):
        town.visit(own, minute * 60.0, "+77011239999", for_sure=True)
    for index in range(MACS):
        town.pump(pump, 60.0 + index, town.number("+7701123"))
    town.live(4 * HOUR_S)
    assert own.served > 10
    assert pump.sent <= 20 + 7 + 2


def test_a_company_whose_numbers_are_one_range_gets_in() -> None:
    """300 people with a contract's numbers within a quarter of an hour."""
    town, company = Town(Terms(), SEED), Crowd()
    for index in range(300):
        town.visit(company, town.chance.uniform(0, 0.25 * HOUR_S), f"+7701123{index:04}")
    town.live(2 * HOUR_S)
    assert company.served >= 0.8 * company.came, company


def test_a_thousand_new_visitors_at_an_event() -> None:
    """Whose owner set the budget for it."""
    terms = Terms(allowances=Allowances(venue=Limit(5000, 86400)), budget=Budget(daily_sms=3000))
    town, guests = Town(terms, SEED), Crowd()
    for _ in range(1000):
        town.visit(guests, town.chance.uniform(0, 0.5 * HOUR_S), town.number())
    town.live(2 * HOUR_S)
    assert guests.served == guests.came, guests
