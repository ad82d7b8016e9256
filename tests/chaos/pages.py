"""Whether what a page told its reader was true when it was shown.

Pure. Must not know: any code of the product; the sentences are those that visitors read (``book.Says``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from tests.chaos.book import Allows, AnyNote, Asked, Entered, Quit, Saw, Says
from tests.chaos.excuses import Excuses
from tests.chaos.spans import END, Story, presences

_SLACK_MS = 1_500
_PATIENCE_MS = 3_000
"""How long after a fault a page may still ask for patience: it was asked for while the fault was in force."""
_PASSWORD_MS = 330_000
"""How long the page says what became of an SMS: as long as its password would have been good."""
_SMS_TAIL_MS, _UPLINK_TAIL_MS, _RECORD_TAIL_MS = 20_000, 60_000, 25_000
"""How long it may take until the gate has noticed that all is well: it looks again every so often."""


def untrue(seen: Saw, story: Story, excuses: Excuses) -> Iterator[str]:
    """What of this page was not so."""
    if not seen.says:
        if not excuses.excuse(Allows.NO_PAGE, seen.began_ms, seen.at_ms, _PATIENCE_MS):
            yield "no page" if seen.status is None else f"status {seen.status}, and not a sentence that is known"
        return
    for says in seen.says:
        if not _holds(says, seen, story, excuses):
            yield f"it said «{says}»"


def _holds(says: Says, seen: Saw, story: Story, excuses: Excuses) -> bool:
    def excused(allows: Allows, tail_ms: int) -> bool:
        return excuses.excuse(allows, seen.began_ms, seen.at_ms, tail_ms) is not None

    def did(*kinds: type[AnyNote]) -> bool:
        return any(isinstance(note, kinds) and note.began_ms < seen.at_ms for note in story.notes)

    own = story.spans
    match says:
        case Says.ONLINE | Says.LOGGED_IN:
            return any(
                stay.opened_ms <= seen.at_ms and seen.began_ms <= stay.closed_ms + _SLACK_MS for stay in story.spans
            )
        case Says.FORM:
            return not _throughout(seen, story)
        case Says.NOT_ASKED:
            return not _throughout(seen, story)
        case Says.QUEUED:
            return did(Asked) and not _throughout(seen, story)
        case Says.SENT | Says.ARRIVED:
            return any(at_ms <= seen.at_ms for at_ms in story.sent_ms) and not _throughout(seen, story)
        case Says.FAILED:
            return excused(Allows.NO_SMS, _PASSWORD_MS)
        case Says.WRONG | Says.VOID:
            return any(
                isinstance(note, Entered) and not note.right and note.began_ms < seen.at_ms for note in story.notes
            )
        case Says.EXPIRED:
            return did(Asked)
        case Says.AWAY:
            return any(
                not stay.over and stay.closed_ms != END and stay.left_ms <= seen.at_ms + _SLACK_MS for stay in own
            ) and not _throughout(seen, story)
        case Says.QUIT:
            return did(Quit)
        case Says.SENT_AWAY:
            return any(stay.over and stay.left_ms <= seen.at_ms for stay in story.spans)
        case Says.MOMENT | Says.BUSY:
            return excused(Allows.NO_PAGE, _PATIENCE_MS)
        case Says.STRANGER:
            came_ms = max(
                (one.came_ms[0] for one in presences(story.notes) if one.came_ms[0] <= seen.began_ms), default=0
            )
            forgotten = excuses.excuse(Allows.REJOIN, came_ms, seen.at_ms)
            return forgotten is not None or excused(Allows.NO_PAGE, _PATIENCE_MS)
        case Says.NO_SMS:
            return excused(Allows.NO_SMS, _SMS_TAIL_MS)
        case Says.NO_UPLINK:
            return excused(Allows.NO_UPLINK, _UPLINK_TAIL_MS)
        case Says.NO_RECORD | Says.NO_ACCESS:
            return excused(Allows.NO_RECORD, _RECORD_TAIL_MS)
        case _:
            assert_never(says)


def _throughout(seen: Saw, story: Story) -> bool:
    """Admitted from before the page was asked for until after it came."""
    return any(stay.opened_ms <= seen.began_ms - _SLACK_MS and seen.at_ms <= stay.closed_ms for stay in story.spans)
