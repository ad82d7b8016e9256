"""What can go wrong at the kernel edge, as a tree:

FirewallError
├── SettingsRefused      the settings cannot make a safe gate
├── DeviceRefused        no MAC address, or an address that no device of this LAN can have
├── KernelRefused        the kernel (or a tool that speaks to it) would not do what was asked
├── LockTimeout          another program keeps the xtables lock
└── NotABridge           the LAN interface has no ports that could give evidence

Must not know: visits, pages. Every exception of iptc, pyroute2 and the operating system becomes one of these.
"""

from __future__ import annotations


class FirewallError(Exception):
    """Base of this package's errors; its text is a sentence for a person that says what to do."""


class SettingsRefused(FirewallError):
    """The settings cannot make a safe gate."""

    def __init__(self, setting: str, problem: str) -> None:
        self.setting, self.problem = setting, problem
        super().__init__(f"{setting}: {problem}")


class DeviceRefused(FirewallError):
    """No MAC address, or an address that no device of this LAN can have."""

    def __init__(self, operand: str, problem: str) -> None:
        self.operand, self.problem = operand, problem
        super().__init__(f"{operand!r} {problem}")


class KernelRefused(FirewallError):
    """The kernel, or a tool that speaks to it, would not do what was asked."""

    def __init__(self, what: str, cause: str) -> None:
        self.what, self.cause = what, cause
        super().__init__(f"cannot {what}: {cause}; 'qaqpa doctor' says what is missing")


class LockTimeout(FirewallError):
    """Another program keeps the xtables lock."""

    def __init__(self, path: str, waited_s: float) -> None:
        self.path, self.waited_s = path, waited_s
        super().__init__(f"{path} was locked for {waited_s:g} s; end the iptables command that holds it")


class NotABridge(FirewallError):
    """The LAN interface has no ports that could give evidence."""

    def __init__(self, interface: str) -> None:
        self.interface = interface
        super().__init__(f"{interface} is no bridge; make it one, or rely on other evidence than its ports")
