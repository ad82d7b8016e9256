"""Rules into the kernel: through iptc (python-iptables, the legacy tables), which nobody else uses.

``load`` compares what each table holds with what it should and, if they differ, commits the table once: the kernel
replaces a table as a whole, so no packet ever meets half a ruleset. A commit carries the other programs' rules of that
table along unchanged. Must not know: settings, what the rules mean.

Traps of iptc that are dealt with here:

- ``Table`` is a singleton with autocommit: each is made with ``autocommit=False`` before anything else can make it.
- Making a target looks the name up as a chain in *every* table, which would make the kernel create mangle, raw and
  security, each a cost for each packet: those are declared unavailable first.
- ``Rule.__eq__`` takes all verdicts for equal: rules are compared by ``_fingerprint``.
- It takes no xtables lock: ``_lock`` does.
- It misreads newer libraries' options: ``xtables_abi`` corrects that.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from typing import Any, assert_never

from firewall import rules, xtables_abi
from firewall.errors import KernelRefused, LockTimeout
from firewall.iptables_library import iptc
from firewall.rules import OURS, SHARES, Chain, Family, Ruleset, Table, TableName

LOCK_PATH = "/run/xtables.lock"
_LOCK_WAIT_S = 5.0
_COMMIT_TRIES = 5

PLAIN = ("ACCEPT", "DROP", "RETURN")
"""The targets that are no extension."""
_PROTOCOLS = {"ipv6-icmp": "icmpv6"}  # iptables' word (that of /etc/protocols), and iptc's

_Handle = Any  # iptc is untyped: an iptc.Table


def drop(wanted: Ruleset) -> None:
    """Set the policies alone: before anything else is there, what is not known is dropped.

    Raises:
        KernelRefused, LockTimeout
    """
    for table in wanted.tables:
        _converge(table, _set_policies)


def load(wanted: Ruleset) -> int:
    """Make every table hold what is wanted; returns how many chains, jumps and policies had to be repaired.

    The sets that rules name must exist. Tables that are right already are not touched.

    Raises:
        KernelRefused, LockTimeout
    """
    return sum(_converge(table, _set_everything) for table in wanted.tables)


def differences(wanted: Ruleset) -> int:
    """How much ``load`` would have to repair now. Changes nothing.

    Raises:
        KernelRefused, LockTimeout
    """
    found = 0
    for table in wanted.tables:
        try:
            with _lock(), _opened(table) as handle:
                found += _set_everything(handle, table)  # in our copy, which nobody commits
        except (iptc.IPTCError, iptc.XTablesError, OSError, ValueError) as error:
            raise KernelRefused(f"read the {table.family} {table.name} table", str(error)) from error
    return found


def available(family: Family, name: TableName) -> bool:
    """Whether the kernel has this table at all. Raises LockTimeout."""
    try:
        with _lock(), _opened(Table(family, name, (), ())):
            return True
    except iptc.IPTCError:
        return False


def _converge(table: Table, change: Callable[[_Handle, Table], int]) -> int:
    # Another program that does not lock (or whose lock we may not open) can commit between our reading and our
    # commit. The kernel then refuses ours, because it was prepared for another table; read again and repeat.
    what = f"load the {table.family} {table.name} table"
    cause: Exception | None = None
    for _ in range(_COMMIT_TRIES):
        try:
            with _lock(), _opened(table) as handle:
                repaired = change(handle, table)
                if repaired:
                    handle.commit()
                return repaired
        except iptc.IPTCError as error:
            cause = error
        except (iptc.XTablesError, OSError, ValueError) as error:
            raise KernelRefused(what, str(error)) from error
    raise KernelRefused(what, str(cause)) from cause


@contextlib.contextmanager
def _lock() -> Iterator[None]:
    """iptables' own lock, so that its commands and ours wait for each other.

    The gate runs without privilege on files. Where the lock file belongs to root and cannot be opened, we go on
    without: the kernel still refuses a commit that was prepared for a table which has changed since (``_converge``
    repeats it), so nothing of a stranger's is lost by us; a stranger's own command may fail once with "Resource
    temporarily unavailable". The unit makes the file ours (tmpfiles.d), which avoids even that.
    """
    try:
        # Mode 0600 as iptables makes it; O_RDONLY suffices for flock and is the least that can be refused.
        descriptor = os.open(LOCK_PATH, os.O_CREAT | os.O_RDONLY | os.O_CLOEXEC, 0o600)
    except OSError:
        yield
        return
    try:
        deadline = time.monotonic() + _LOCK_WAIT_S
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > deadline:
                    raise LockTimeout(LOCK_PATH, _LOCK_WAIT_S) from error
                time.sleep(0.01)  # flock has no time limit of its own, and a signal would belong to the whole process
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _opened(table: Table) -> Iterator[_Handle]:
    xtables_abi.correct()
    kind = iptc.Table if table.family is Family.IPV4 else iptc.Table6
    # See the module's docstring: targets are looked up in every table that is available.
    kind.existing_table_names.update({name: name == table.name for name in iptc.Table.ALL})
    handle = kind(str(table.name), autocommit=False)
    try:
        handle.refresh()
        yield handle
    finally:
        handle.close()


def _set_policies(handle: _Handle, table: Table) -> int:
    repaired = 0
    for chain, policy in table.policies:
        if handle.get_policy(chain)[0].name != policy:
            handle.set_policy(chain, str(policy))
            repaired += 1
    return repaired


def _set_everything(handle: _Handle, table: Table) -> int:
    repaired = _set_policies(handle, table)
    # All chains before any rule: a rule may name a chain that comes later.
    for chain in table.chains:
        if not handle.is_chain(chain.name):
            handle.create_chain(chain.name)
    repaired += sum(_set_rules(handle, table, chain) for chain in table.chains)
    names = [chain.name for chain in handle.chains]
    hooks = {chain.hook: chain.name for chain in table.chains if chain.hook}
    repaired += sum(_set_jump(handle, table, name, hooks.get(name)) for name in names if handle.builtin_chain(name))
    return repaired + _remove_leftovers(handle, table, names)


def _set_rules(handle: _Handle, table: Table, chain: Chain) -> int:
    wanted = [_built(table.family, rule) for rule in chain.rules]
    if _found(handle, chain.name) == [_fingerprint(rule) for rule in wanted]:
        return 0
    handle.flush_entries(chain.name)
    for rule in wanted:
        iptc.Chain(handle, chain.name).append_rule(rule)
    return 1


def _found(handle: _Handle, chain: str) -> list[tuple[object, ...]] | None:
    """The chain's rules as they are; None if a stranger put one there that cannot even be read."""
    try:
        return [_fingerprint(rule) for rule in iptc.Chain(handle, chain).rules]
    except iptc.XTablesError:
        return None


def _set_jump(handle: _Handle, table: Table, builtin: str, chain: str | None) -> int:
    """Our jump stands first in a built-in chain, once, and no other jump of ours stands there at all."""
    # Only targets are read: a stranger's rule may hold an extension that is not installed here.
    targets = []
    entry = handle.first_rule(builtin)
    while entry:
        targets.append((handle.get_target(entry) or b"").decode())
        entry = handle.next_rule(entry)
    ours = [number for number, target in enumerate(targets) if target.startswith(table.prefix)]
    if chain is None and not ours:
        return 0
    if chain is not None and ours == [0] and targets[0] == chain:
        first = handle.create_rule(handle.first_rule(builtin), iptc.Chain(handle, builtin))
        # A stranger may have given our jump a condition.
        if _fingerprint(first) == _fingerprint(_built(table.family, rules.Rule(chain))):
            return 0
    for number in reversed(ours):
        if handle._iptc.iptc_delete_num_entry(builtin.encode(), number, handle._handle) != 1:
            raise iptc.IPTCError(f"cannot delete rule {number} of {builtin}")
    if chain is not None:
        iptc.Chain(handle, builtin).insert_rule(_built(table.family, rules.Rule(chain)))
    return 1


def _remove_leftovers(handle: _Handle, table: Table, names: list[str]) -> int:
    """Chains of an earlier version of ours. A stranger's rule that jumps to one makes the deletion fail: say so."""
    wanted = {chain.name for chain in table.chains}
    leftovers = [name for name in names if name.startswith(table.prefix) and name not in wanted]
    for name in leftovers:
        handle.flush_entries(name)
    for name in leftovers:
        handle.delete_chain(name)
    return len(leftovers)


def _built(family: Family, rule: rules.Rule) -> Any:
    match family:
        case Family.IPV4:
            built = iptc.Rule()
        case Family.IPV6:
            built = iptc.Rule6()
        case _:
            assert_never(family)
    if rule.source:
        built.src = rule.source
    if rule.destination:
        built.dst = rule.destination
    if rule.in_interface:
        built.in_interface = rule.in_interface
    if rule.out_interface:
        built.out_interface = rule.out_interface
    if rule.protocol:
        built.protocol = _PROTOCOLS.get(rule.protocol, rule.protocol)
    for match in rule.matches:
        _set_options(built.create_match(match.name), match.options)
    _set_options(built.create_target(rule.target), rule.target_options)
    built.final_check()
    return built


def _set_options(extension: Any, options: tuple[tuple[str, str], ...]) -> None:
    for option, value in options:
        extension.set_parameter(option, _words(value))


def _words(value: str) -> str | list[str]:
    """An option's value as iptc wants it: words, or one text with blanks if it is quoted."""
    if value.startswith('"'):
        return value.strip('"')
    words = value.split()
    return words if len(words) > 1 else value


def _fingerprint(rule: Any) -> tuple[object, ...]:
    """Everything of a rule that user space sets: equal exactly if the rules do the same."""
    target = rule.target
    # A verdict or a jump is told by its name alone; its bytes are an offset that only the kernel's copy has.
    plain = target.name in PLAIN or target.name.startswith((OURS, SHARES))
    return (
        rule.src,
        rule.dst,
        rule.in_interface,
        rule.out_interface,
        rule.protocol,
        rule.get_ip().flags,
        rule.get_ip().invflags,
        tuple((match.name, _user_bytes(match, match.match_buf)) for match in rule.matches),
        target.name,
        b"" if plain else _user_bytes(target, target._target_buf),
    )


def _user_bytes(extension: Any, buffer: Any) -> bytes:
    """The extension's own bytes up to where the kernel begins to keep its state."""
    return bytes(buffer[ctypes.sizeof(iptc.ip4tc.xt_entry_match) : extension.usersize])
