"""Everything forgotten: the data partition is made anew at the next start.

systemd-repart does it, before anything is mounted, when the firmware's variable ``FactoryReset`` says so; it takes the
variable away itself. So a power cut in between costs nothing: either it is asked for, or it is done. Must not know: who
asks, what is forgotten.
"""

from __future__ import annotations

import contextlib
import fcntl
import struct
from pathlib import Path

from appliance.errors import ApplianceError

VARIABLE = "sys/firmware/efi/efivars/FactoryReset-8cf2644b-4b0b-428f-9387-6d876050dc67"
_KEPT_AT_BOOT_AND_RUN = struct.pack("=I", 0x1 | 0x2 | 0x4)
"""EFI_VARIABLE_NON_VOLATILE, _BOOTSERVICE_ACCESS and _RUNTIME_ACCESS (UEFI 2.10, 8.2)."""
_IMMUTABLE, _GET_FLAGS, _SET_FLAGS = 0x10, 0x80086601, 0x40086602
"""FS_IMMUTABLE_FL, FS_IOC_GETFLAGS and FS_IOC_SETFLAGS (linux/fs.h): the kernel guards variables so."""
SENTENCE = "forget everything"
"""What a person types."""


class NotReset(ApplianceError):
    """It was not asked for; nothing is forgotten."""


def ask(root: Path = Path("/")) -> None:
    """Have everything forgotten at the next start.

    Raises:
        NotReset
    """
    variable = root / VARIABLE
    if not variable.parent.is_dir():
        raise NotReset("this machine's firmware keeps no variables (no UEFI): flash the image anew instead")
    try:
        # In one write: the file system makes the variable of what the first one brings.
        with variable.open("wb", buffering=0) as out:
            out.write(_KEPT_AT_BOOT_AND_RUN + "yes\0".encode("utf-16-le"))
    except OSError as error:
        raise NotReset(f"the firmware does not take the wish ({error.strerror}): flash the image anew") from error


def is_asked(root: Path = Path("/")) -> bool:
    """Whether the next start forgets everything."""
    return (root / VARIABLE).exists()


def withdraw(root: Path = Path("/")) -> None:
    """Not after all.

    Raises:
        NotReset: the firmware does not let it go.
    """
    variable = root / VARIABLE
    try:
        with contextlib.suppress(OSError), variable.open("rb") as held:  # where the file system knows no such flags
            flags = struct.unpack("=l", fcntl.ioctl(held, _GET_FLAGS, struct.pack("=l", 0)))[0]
            fcntl.ioctl(held, _SET_FLAGS, struct.pack("=l", flags & ~_IMMUTABLE))
        variable.unlink()
    except FileNotFoundError:
        return
    except OSError as error:
        raise NotReset(
            f"the firmware keeps the wish ({error.strerror}): everything is forgotten at the start"
        ) from error
