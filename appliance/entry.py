"""The program ``qaqpa``: what stands on the box's screen all day loads no more than it shows.

The other commands end soon or need most of it anyway. Must not know: what a command does.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command that was named."""
    if sys.argv[1:2] == ["screen"]:
        from appliance.cli_screen import screen

        screen.main(sys.argv[2:], prog_name="qaqpa screen")
    from appliance.cli import main as commands

    commands()
