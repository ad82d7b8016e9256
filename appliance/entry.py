"""The program ``qaqpa``: what stays all day loads no more than it needs.

The other commands end soon or need most of it anyway. Must not know: what a command does.
"""

from __future__ import annotations

import sys

from appliance import processes


def main() -> None:
    """Run the command that was named."""
    if processes.ran(sys.argv[1:]):
        return
    from appliance.cli import main as commands

    commands()
