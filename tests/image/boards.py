"""What an emulated computer is made of, by the architecture of the image that it is to boot.

    board = BOARDS["arm64"]
    [*tool(board.emulator), *board.words(TOOLS, variables, secure=False)]

Ports, disks, sockets and what is told through SMBIOS are the same on each. Must not know: those.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Board:
    """A mainboard: processor, bus, firmware."""

    emulator: str
    """The program of QEMU's."""
    machine: str
    secure_machine: str
    cpu: str
    firmware: str
    """Below ``usr/share``, read-only."""
    secure_firmware: str
    """The same, which checks what it starts."""
    variables: str
    """What its memory holds when it is new: no keys, no boot options."""
    secure_words: tuple[str, ...] = ()

    def words(self, tools: Path, variables: Path, *, secure: bool) -> list[str]:
        """Of QEMU's command line.

        Args:
            tools: the tree of Debian 13 in which firmware lies.
            variables: this computer's own copy of ``self.variables``.
            secure: it checks what it starts.
        """
        firmware = tools / "usr/share" / (self.secure_firmware if secure else self.firmware)
        return [
            # It translates, so that a machine without virtualisation does the same.
            *("-machine", self.secure_machine if secure else self.machine, "-accel", "tcg,thread=multi"),
            *("-cpu", self.cpu),
            *(self.secure_words if secure else ()),
            *("-drive", f"if=pflash,format=raw,readonly=on,file={firmware}"),
            *("-drive", f"if=pflash,format=raw,file={variables}"),
        ]


BOARDS = {
    "amd64": Board(
        emulator="qemu-system-x86_64",
        # Whether the kernel runs in system management mode is all that keeps it from the keys.
        machine="q35,smm=off",
        secure_machine="q35,smm=on",
        cpu="max,la57=off",
        firmware="OVMF/OVMF_CODE_4M.fd",
        secure_firmware="OVMF/OVMF_CODE_4M.secboot.fd",
        variables="OVMF/OVMF_VARS_4M.fd",
        secure_words=("-global", "driver=cfi.pflash01,property=secure,value=on"),
    ),
    "arm64": Board(
        emulator="qemu-system-aarch64",
        machine="virt",
        secure_machine="virt",
        # What small boards have, and nothing that came later: an image that needed more would not start on them.
        cpu="cortex-a72",
        firmware="AAVMF/AAVMF_CODE.no-secboot.fd",
        secure_firmware="AAVMF/AAVMF_CODE.secboot.fd",
        variables="AAVMF/AAVMF_VARS.fd",
    ),
}
"""By Debian's name of the architecture."""
