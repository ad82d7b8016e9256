"""The program ``qaqpa``: what stays all day loads no more than it needs.

The other commands end soon or need most of it anyway. Must not know: what a command does.
"""

from __future__ import annotations

import sys

from appliance import processes


def main() -> None:
    """Run the command that was named."""
    words = sys.argv[1:]
    if processes.ran(words):
        return
    if words[:1] == ["screen"]:
        from appliance.cli_screen import screen

        screen.main(words[1:], prog_name="qaqpa screen")
    from appliance.cli import main as commands

    commands()
