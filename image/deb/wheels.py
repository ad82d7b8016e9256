"""What is inside the virtual environment, by name, version and licence: for programs, and for people.

    python3 wheels.py SITE_PACKAGES TO     writes TO/wheels.json and TO/copyright

Must not know: how the package is built.
"""

from __future__ import annotations

import json
import sys
from email.message import Message
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import cast

_LONG = 60
"""Characters; some projects write the whole text of a licence where its name belongs."""
_OWN = "qaqpa"
_HEAD = """\
Qaqpa, a captive-portal gateway. Licence: GPL-2.0-or-later; on Debian its text is /usr/share/common-licenses/GPL-2.

    Copyright: the authors of Qaqpa

Inside /usr/lib/qaqpa are these wheels of others, each unchanged. Their licences' texts, and
their authors, stand beside them in /usr/lib/qaqpa/lib/python3.*/site-packages/<name>-<version>.dist-info. What a wheel
itself carries (libraries in <name>.libs) is named there too.

"""


def licence(distribution: Distribution) -> str:
    """Its SPDX expression (PEP 639); or what it wrote by older rules; "unknown" if it says nothing."""
    said = cast(Message, distribution.metadata)
    for key in ("License-Expression", "License"):
        short = (said.get(key) or "").strip()
        if short and "\n" not in short and len(short) <= _LONG and short != "UNKNOWN":
            return short
    classifiers = [each for each in said.get_all("Classifier", []) if each.startswith("License ::")]
    return " AND ".join(each.rpartition(" :: ")[2] for each in classifiers) or "unknown"


def wheels(site: Path) -> list[dict[str, str]]:
    """Each by its name, ours too."""
    found = [
        {"name": each.name, "version": each.version, "licence": licence(each)}
        for each in distributions(path=[str(site)])
    ]
    return sorted(found, key=lambda row: row["name"].lower())


def main(site: Path, to: Path) -> None:
    """Write both files; a wheel that says no licence fails the build, for somebody to look."""
    rows = wheels(site)
    silent = [row["name"] for row in rows if row["licence"] == "unknown"]
    if silent:
        sys.exit(f"no licence is told by: {', '.join(silent)}")
    (to / "wheels.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    others = [f"{row['name']} {row['version']}: {row['licence']}\n" for row in rows if row["name"] != _OWN]
    (to / "copyright").write_text(_HEAD + "".join(others), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
