"""IPv6 addresses that devices make up: as many as a phone needs, and none that is another's."""

from __future__ import annotations

from appliance.addresses import ADDRESS_EVERY_MS, MAX_DISPUTED, MAX_IPV6
from appliance.effects import Record
from appliance.state import Visit
from tests.unit.appliance.dialogue import ADDRESS, OTHER, PHONE, Dialogue

V6 = "fd77::10"


def addresses(talk: Dialogue, device: str = PHONE) -> tuple[str, ...]:
    return talk.session.admitted()[device]


def online(talk: Dialogue, device: str) -> None:
    talk.step(talk.asked(device=device, number="+77012345678"))
    talk.step(talk.entered(device=device))


def test_a_new_address_replaces_the_oldest() -> None:
    talk = Dialogue()
    talk.online()
    made = [f"fd77::1:{number:x}" for number in range(MAX_IPV6 + 3)]
    for address in made:
        talk.step(talk.learnt(address))
        talk.wait(ADDRESS_EVERY_MS / 1000)
    assert addresses(talk) == (ADDRESS, *made[-MAX_IPV6:])


def test_thousand_invented_addresses_do_not_fill_the_journal() -> None:
    talk = Dialogue()
    talk.online()
    told = [effect for number in range(1000) for effect in talk.step(talk.learnt(f"fd77::1:{number:x}"))]
    assert sum(isinstance(effect, Record) for effect in told) == MAX_IPV6
    talk.wait(ADDRESS_EVERY_MS / 1000)
    talk.says(talk.learnt("fd77::2:1"), ["revoke 01 fd77::1:0", "record visit_moved", "admit 01 fd77::2:1"])
    talk.says(talk.learnt("fd77::2:2"), [])


def test_two_who_claim_each_others_addresses_do_not_fill_the_journal() -> None:
    talk = Dialogue()
    talk.online()
    told = [
        effect
        for number in range(1000)
        for event in (talk.learnt(f"fd77::1:{number:x}"), talk.learnt(f"fd77::1:{number:x}", OTHER, PHONE))
        for effect in talk.step(event)
    ]
    assert sum(isinstance(effect, Record) for effect in told) == 3 * MAX_IPV6
    for number in range(2 * MAX_DISPUTED):
        talk.wait(ADDRESS_EVERY_MS / 1000)
        talk.step(talk.learnt(f"fd77::2:{number:x}"))
        talk.step(talk.learnt(f"fd77::2:{number:x}", OTHER, PHONE))
    visit = talk.session.devices[PHONE]
    assert isinstance(visit, Visit) and len(visit.disputed) == MAX_DISPUTED


def test_who_claims_an_address_again_and_again_does_not_get_it() -> None:
    talk = Dialogue()
    talk.online()
    online(talk, OTHER)
    talk.step(talk.learnt(V6))
    talk.says(
        talk.learnt(V6, OTHER, previous=PHONE),
        ["record address_claimed kept=False", f"revoke 01 {V6}", "record visit_moved"],
    )
    talk.says(talk.learnt(V6, PHONE, previous=OTHER), [])
    talk.says(talk.learnt(V6, OTHER, previous=PHONE), [])
    assert V6 not in addresses(talk, PHONE) + addresses(talk, OTHER)
