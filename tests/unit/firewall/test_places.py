"""Who is behind which port: what is kept in mind, and what an inventor of addresses can push out."""

from __future__ import annotations

from firewall.presence.places import Places


def test_one_place_a_device() -> None:
    places = Places(remembered=8)
    places.put("one", 1)
    places.put("two", 1)
    places.put("one", 2)
    assert (places.port_of("one"), places.port_of("two"), places.port_of("three")) == (2, 1, None)
    assert places.clear(1) == ["two"]
    assert places.port_of("two") is None
    assert places.clear(1) == []


def test_the_fullest_port_s_oldest_is_forgotten() -> None:
    places = Places(remembered=4)
    for mac, port in (("a", 1), ("b", 2), ("c", 2), ("d", 2)):
        assert places.put(mac, port) is None
    assert places.put("e", 2) == "b"
    assert places.put("e", 2) is None, "nothing new"
    assert [places.port_of(mac) for mac in "abcde"] == [1, None, 2, 2, 2]


def test_who_matters_is_kept() -> None:
    real = {f"real{number}" for number in range(200)}
    places = Places(remembered=4, matters=real.__contains__)
    for mac in sorted(real):
        places.put(mac, 1)
    for number in range(1000):
        places.put(f"invented{number}", 1)
    assert set(places.clear(1)) >= real
    assert len(real) == 200


def test_what_a_flood_costs_is_bounded() -> None:
    places = Places(remembered=100)
    for number in range(10_000):
        places.put(f"invented{number}", 1)
    assert len(places.clear(1)) == 100
