"""The disk as it is built, and as the first boot completes it: two files say the same things."""

from __future__ import annotations

from configparser import ConfigParser

from tests.lab.run import ROOT

BUILT, COMPLETED = ROOT / "image/mkosi.repart", ROOT / "image/tree/usr/lib/repart.d"


def settings(text: str) -> ConfigParser:
    """Of a file in systemd's form; of what is repeated, the last."""
    parser = ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(text)
    return parser


def partition(text: str) -> dict[str, str]:
    """The settings of a definition, without the repeated ones."""
    return dict(settings(text)["Partition"])


def test_a_slot_is_as_large_as_the_other_and_as_what_is_built() -> None:
    built = {path.name: partition(path.read_text()) for path in BUILT.iterdir()}
    completed = {path.name: partition(path.read_text()) for path in COMPLETED.iterdir()}
    kinds = {settings["Type"] for settings in built.values()}
    assert kinds == {"esp", "root", "root-verity"}
    for kind in kinds:
        sizes = {
            (settings["SizeMinBytes"], settings["SizeMaxBytes"])
            for settings in (*built.values(), *completed.values())
            if settings["Type"] == kind
        }
        assert len(sizes) == 1, f"{kind}: {sizes}"
        assert all(least == most for least, most in sizes), "repart would grow it, and no update would fit the other"


def test_the_order_is_the_one_on_the_disk() -> None:
    kinds = [partition(path.read_text())["Type"] for path in sorted(BUILT.iterdir())]
    after = [partition(path.read_text())["Type"] for path in sorted(COMPLETED.iterdir())]
    assert after == [*kinds, *kinds[1:], "linux-generic"]


def test_a_factory_reset_concerns_the_data_alone() -> None:
    reset = [path.name for path in COMPLETED.iterdir() if "FactoryReset" in partition(path.read_text())]
    assert reset == ["30-data.conf"]
    fstab = (ROOT / "image/tree/etc/fstab").read_text()
    assert f"PARTLABEL={partition((COMPLETED / reset[0]).read_text())['Label']} " in fstab
