"""IIN or BIN: which of the two, and the first thing that is wrong."""

from __future__ import annotations

import pytest

from appliance.owner_id import Fault, OwnerKind, judged, spelled


@pytest.mark.parametrize(
    ("number", "told"),
    [
        ("990140000384", OwnerKind.LEGAL),
        ("040540000153", OwnerKind.LEGAL),
        ("850101300015", OwnerKind.PERSON),
        ("990160000383", OwnerKind.JOINT),
        ("", Fault.MALFORMED),
        ("99014000038", Fault.MALFORMED),
        ("9901400003845", Fault.MALFORMED),
        ("99014000038x", Fault.MALFORMED),
        ("٩٩٠١٤٠٠٠٠٣٨٤", Fault.MALFORMED),
        ("990140000385", Fault.CHECKSUM),
        ("901940000384", Fault.DATE),
        ("991340000384", Fault.DATE),
        ("990040000384", Fault.DATE),
        ("990170000384", Fault.KIND),
        ("990144000384", Fault.KIND),
        ("851301300015", Fault.DATE),
        ("850101900015", Fault.KIND),
    ],
)
def test_a_number_is_judged(number: str, told: OwnerKind | Fault) -> None:
    assert judged(number) is told


def test_of_single_wrong_digits_nearly_all_are_found_and_every_swap_of_neighbours() -> None:
    """Not all: where the first pass leaves 10, the second one has other weights."""
    good = "990140000384"
    wrong = [good[:at] + other + good[at + 1 :] for at in range(12) for other in "0123456789" if other != good[at]]
    assert sum(isinstance(judged(each), Fault) for each in wrong) >= 0.9 * len(wrong)
    swapped = {good[:at] + good[at + 1] + good[at] + good[at + 2 :] for at in range(11)} - {good}
    assert all(isinstance(judged(each), Fault) for each in swapped)


def test_groups_are_put_together() -> None:
    assert spelled(" 9901 4000\u00a00384-") == "990140000384"
