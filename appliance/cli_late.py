"""Commands that are loaded when they are named: whoever asks for one does not wait until all can be run.

    >>> commands = LateCommands({"journal": "cli_journal:journal"})
    >>> sorted(commands)
    ['journal']
    >>> commands["journal"].name
    'journal'

The help of their group loads them all. Must not know: any command.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from importlib import import_module

import click


class LateCommands(MutableMapping[str, click.Command]):
    """The commands of a ``click.Group``: name → "module of this package:what it is called there"."""

    def __init__(self, where: Mapping[str, str]) -> None:
        self._where = where
        self._loaded: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._loaded:
            module, _, called = self._where[name].partition(":")
            self._loaded[name] = getattr(import_module(f"appliance.{module}"), called)
        return self._loaded[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        raise TypeError("no command is taken away")

    def __iter__(self) -> Iterator[str]:
        return iter({**self._where, **self._loaded})

    def __len__(self) -> int:
        return len({**self._where, **self._loaded})
