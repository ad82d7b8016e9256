"""Processes and clients that are ended whatever a test does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

import pytest

from sms.client import Client
from tests.edge.sms.world import Gate, NpmSmsc, Process, RawSmsc, Sender, Smsc

P = TypeVar("P", bound=Process)


class Venue:
    """Makes what a test needs and ends it."""

    def __init__(self, directory: Path, stack: ExitStack) -> None:
        self.directory, self._stack = directory, stack
        self.socket_path = str(directory / "sms.sock")

    def smsc(self, *options: str, port: int = 0) -> Smsc:
        """A real SMSC; all of a test's write to one log."""
        return self._kept(Smsc(self.directory / "sms.jsonl", port, *options))

    def sender(self, port: int, peer_uids: list[int] | None = None, **provider: object) -> Sender:
        """A sender that listens."""
        return self._kept(Sender(self.directory, [{"port": port, **provider}], peer_uids))

    def sender_of(self, *providers: dict[str, object], max_parts: int = 1) -> Sender:
        """A sender with several providers."""
        return self._kept(Sender(self.directory, list(providers), max_parts=max_parts))

    def client(self) -> tuple[Client, Gate]:
        """A started client and what it hears."""
        gate = Gate()
        client = Client(self.socket_path, gate.deliver)
        client.start()
        self._stack.callback(client.stop)
        return client, gate

    def npm_smsc(self, **given: object) -> NpmSmsc:
        """The other real SMSC."""
        return self._kept(NpmSmsc(self.directory / "npm.jsonl", **given))

    def raw_smsc(self, behave: Callable[..., None], host: str = "127.0.0.1", port: int = 0) -> RawSmsc:
        """A hand-written SMSC."""
        raw = RawSmsc(behave, host, port)
        self._stack.callback(raw.close)
        return raw

    def _kept(self, process: P) -> P:
        self._stack.callback(process.kill)
        return process


@pytest.fixture
def venue(tmp_path: Path) -> Iterator[Venue]:
    with ExitStack() as stack:
        yield Venue(tmp_path, stack)
