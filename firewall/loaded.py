"""Whether the tables are still as we loaded them, told by the kernel's bytes: a tenth of a millisecond a table.

``tables.load`` takes every rule apart and needs tens of milliseconds, which is too long to do it every few seconds in
the thread that answers. So once it has found nothing to repair, the table's bytes are remembered, and compared.
Must not know: what the rules mean.
"""

from __future__ import annotations

import ctypes
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import closing

from firewall import tables
from firewall.rules import Family, Ruleset, Table

_libc = ctypes.CDLL(None, use_errno=True)
_INFO, _ENTRIES = 64, 65
"""IPT_SO_GET_INFO and IPT_SO_GET_ENTRIES; IPv6's have the same numbers (linux/netfilter_ipv4/ip_tables.h)."""
_INFO_BYTES = 84
"""struct ipt_getinfo: name, hooks, their entries and policies, number of rules, size of all entries."""
_ENTRIES_AT = 40
"""struct ipt_get_entries: name, size, padding, entries."""
_NAME_BYTES = 32
_SIZE = struct.Struct("=I")
_NEXT = struct.Struct("=H")


class LoadedRules:
    """For one thread, in the network namespace in which it is called."""

    def __init__(self) -> None:
        self._bytes: dict[Table, bytes] = {}

    def load(self, wanted: Ruleset) -> int:
        """``tables.load``, where the bytes do not say that it would find nothing to do. Raises as it does."""
        return sum(self._load(table) for table in wanted.tables)

    def as_left(self, wanted: Ruleset, family: Family) -> bool:
        """Whether a family's tables are as ``load`` left them; False also if that was not sure then."""
        return all(_read(table) == self._bytes.get(table) for table in wanted.tables if table.family is family)

    def _load(self, table: Table) -> int:
        before = _read(table)
        if before is not None and before == self._bytes.get(table):
            return 0
        self._bytes.pop(table, None)
        repaired = found = tables.load(Ruleset((table,)))
        if repaired:
            before = _read(table)
            found = tables.load(Ruleset((table,)))
        # A stranger may come between loading and reading: bytes are believed that were the same before and after a pass
        # over the rules that found nothing to repair.
        if not found and before is not None and _read(table) == before:
            self._bytes[table] = before
        return repaired


def _read(table: Table) -> bytes | None:
    """A table's rules as the kernel gives them, without their counters; None if it gives none."""
    ipv4 = table.family is Family.IPV4
    with closing(socket.socket(socket.AF_INET if ipv4 else socket.AF_INET6, socket.SOCK_DGRAM)) as kernel:
        level = socket.IPPROTO_IP if ipv4 else socket.IPPROTO_IPV6
        name = str(table.name).encode().ljust(_NAME_BYTES, b"\0")
        try:
            info = _asked(kernel, level, _INFO, name.ljust(_INFO_BYTES, b"\0"))
            (size,) = _SIZE.unpack_from(info, _INFO_BYTES - _SIZE.size)
            question = (name + _SIZE.pack(size)).ljust(_ENTRIES_AT, b"\0")
            answer = _asked(kernel, level, _ENTRIES, question.ljust(_ENTRIES_AT + size, b"\0"))
        except OSError:
            return None  # it changed between the two questions, or there is no such table: loading will tell
    return info + b"".join(_uncounted(answer[_ENTRIES_AT:], *((90, 96) if ipv4 else (142, 152))))


def _uncounted(entries: bytes, next_at: int, counters_at: int) -> Iterator[bytes]:
    """The entries (struct ipt_entry, ip6t_entry) without the packets and bytes that they counted."""
    start = 0
    while start < len(entries):
        (length,) = _NEXT.unpack_from(entries, start + next_at)
        yield entries[start : start + counters_at]
        yield entries[start + counters_at + 16 : start + length]
        start += max(length, counters_at + 16)


def _asked(kernel: socket.socket, level: int, option: int, question: bytes) -> bytes:
    # Python's own getsockopt gives the kernel an empty buffer; this question stands in the buffer for the answer.
    buffer = ctypes.create_string_buffer(question, len(question))
    length = ctypes.c_uint32(len(question))
    if _libc.getsockopt(kernel.fileno(), level, option, buffer, ctypes.byref(length)) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return buffer.raw
