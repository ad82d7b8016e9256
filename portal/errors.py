"""What can go wrong in the portal itself, as a tree:

PortalError
├── NotBehindGateway     nginx did not say which device asks
├── FromAnotherSite      the form was sent by a page that is not ours
└── BrandUnreadable      the file that `qaqpa apply` writes for the portal is missing or none
"""

from __future__ import annotations


class PortalError(Exception):
    """Base of this package's errors; its text is for the operator's log, the visitor gets a page."""


class NotBehindGateway(PortalError):
    """nginx did not say which device asks."""

    def __init__(self, said: str | None) -> None:
        self.said = said
        super().__init__(
            f"X-Real-IP is {said!r}, which is no address; does nginx set 'proxy_set_header X-Real-IP $remote_addr'?"
        )


class FromAnotherSite(PortalError):
    """The form was sent by a page that is not ours."""

    def __init__(self, sender: str) -> None:
        self.sender = sender
        super().__init__(f"a form sent from {sender[:100]!r}")  # hostile text: escaped and short in the log


class BrandUnreadable(PortalError):
    """The file that `qaqpa apply` writes for the portal is missing or none."""

    def __init__(self, path: str, why: str) -> None:
        self.path, self.why = path, why
        super().__init__(f"{path} cannot be used: {why}; run `qaqpa apply`")
