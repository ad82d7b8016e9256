"""Whether this machine runs the flashable image, and which version of it. Must not know: how images come to be."""

from __future__ import annotations

from pathlib import Path

MARK = "usr/lib/qaqpa-image"
_LOADERS = ("efi", "boot")
_COUNTED = "sys/firmware/efi/efivars/LoaderBootCountPath-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
"""systemd-boot tells the system by it that this boot was one of a few tries (Automatic Boot Assessment)."""


def is_image(root: Path = Path("/")) -> bool:
    """False: the product was installed on somebody's Debian, and its packages are apt's."""
    return (root / MARK).exists()


def version(root: Path = Path("/")) -> str:
    """Of the image that runs; "": none says so."""
    try:
        text = (root / "usr/lib/os-release").read_text(encoding="utf-8")
    except OSError:
        return ""
    words = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    return words.get("IMAGE_VERSION", "").strip("\"'")


def given_up(root: Path = Path("/")) -> tuple[str, ...]:
    """Versions that were tried as often as they may be and never found healthy: their kernel's name says "+0"."""
    found = {
        path.name.removeprefix("qaqpa_").partition("+")[0]
        for place in _LOADERS
        for path in (root / place).glob("EFI/Linux/qaqpa_*+0*.efi")
    }
    return tuple(sorted(found))


def on_trial(root: Path = Path("/")) -> bool:
    """Whether the version that runs was booted as one of its tries. False: it was found healthy before, or nobody
    counts; to restart because of it would lead nowhere but here."""
    return (root / _COUNTED).exists()
