"""The landing page: does it work, and what goes on.

Must not know: how anything is carried out.
"""

from __future__ import annotations

from datetime import datetime

from flask import Response, request
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from appliance.staff.roles import StaffRole
from appliance.wire import Language
from journal.following import Follower
from portal.console import plots
from portal.console.examiner import Examiner
from portal.console.plots import Label
from portal.console.routes import EVERYBODY, OWNER_AND_DESK, Routes, see
from portal.console.site import Site
from portal.console.today import HOUR, Day, Seen, Today
from portal.words import Words

_AGAIN = 15
"""So many times a page without scripts comes again by itself: a page that nobody looks at must let its session end."""


def register(routes: Routes, site: Site) -> None:
    """Its pages and forms."""
    views = _Views(site)
    routes.page("/", "home", views.home, roles=EVERYBODY)
    routes.page("/today", "today", views.whole, roles=OWNER_AND_DESK, nav="today.nav")
    routes.page("/today/part", "today_part", views.part, roles=OWNER_AND_DESK)


class _Views:
    def __init__(self, site: Site) -> None:
        self._site = site
        self._today = Today(site.config, site.gate, Examiner(site.steward), Follower(site.journal))

    def home(self) -> AnyResponse:
        """Everybody begins where their work is."""
        return see("/journal" if self._site.who().role is StaffRole.INSPECTOR else "/today")

    def whole(self) -> AnyResponse:
        """The page."""
        again = request.args.get("again", 0, type=int) + 1
        chosen = request.args.get("lang", "")
        lang = f"lang={chosen}" if chosen in set(Language) else ""
        part = f"/today/part?{lang}" if lang else "/today/part"
        come = f"/today?again={again}&{lang}" if lang else f"/today?again={again}"
        return self._shown("today.html", part=part, come=come if 0 < again <= _AGAIN else "")

    def part(self) -> AnyResponse:
        """What of it may have changed, for its script."""
        return self._shown("today_part.html")

    def _shown(self, template: str, **values: str) -> Response:
        seen = self._today.look(self._site.now())
        return self._site.page(template, 200, seen=seen, told=Told(self._site, seen), **values)


class Told:
    """What the page's template asks for: drawings, and numbers in words."""

    def __init__(self, site: Site, seen: Seen) -> None:
        self._words, self._seen = site.words(), seen
        self.limits = site.config.spending

    def now(self) -> str:
        """The time of the day."""
        return self._words.time_of_day(self._seen.now)

    def delay(self, percent: int) -> str:
        """How long so many per cent of the passwords were on their way at most; "": nobody knows."""
        delay_ms = self._seen.day.figures.delay_ms(percent) if self._seen.day else None
        return "" if delay_ms is None else seconds(self._words, delay_ms)

    def online(self, day: Day) -> Markup:
        """The plot of who was there."""
        words, most = self._words, max(day.online, default=0)
        at = day.online.index(most) if most else 0
        says = words.say(
            "today.online.says",
            most=words.number(most),
            at=words.time_of_day(_end(day, at)),
            last=words.number(day.online[-1] if day.online else 0),
        )
        return plots.line(day.online, day.slots, HOUR, Label("plot-online", words.say("today.online.title"), says))

    def passwords(self, day: Day) -> Markup:
        """The plot of passwords."""
        words, series = self._words, (day.sent, day.delivered, day.entered)
        sent, delivered, entered = (words.number(sum(each)) for each in series)
        says = words.say("today.passwords.says", sent=sent, delivered=delivered, entered=entered)
        return plots.bars(series, Label("plot-passwords", words.say("today.passwords.title"), says))

    def share(self, name: str, part: int, whole: int) -> Markup:
        """How much of a budget is used up."""
        words = self._words
        says = words.say("today.spending.says", part=words.number(part), whole=words.number(whole))
        return plots.share(part, whole, Label(f"share-{name}", words.say(f"today.spending.{name}"), says))

    def top(self, *series: tuple[int, ...]) -> str:
        """Where the scale of a plot of these ends."""
        return self._words.number(plots.top_of(*series))

    def hours(self, day: Day) -> list[str]:
        """What stands below a plot: each sixth hour, and the day's end."""
        return [self._words.time_of_day(day.at(hour)) for hour in range(0, day.slots // HOUR + 1, 6)]

    def rows_online(self, day: Day) -> list[tuple[str, str]]:
        """The same as the plot, by full hours and for now."""
        rows = [(_end(day, at), day.online[at]) for at in range(HOUR - 1, len(day.online) - 1, HOUR)]
        rows += [(self._seen.now, day.online[-1])] if day.online else []
        return [(self._words.time_of_day(when), self._words.number(count)) for when, count in rows]

    def rows_passwords(self, day: Day) -> list[tuple[str, str, str, str]]:
        """The same as the plot, by hours."""
        words = self._words
        return [
            (
                words.time_of_day(day.at(hour)),
                words.number(day.sent[hour]),
                words.number(day.delivered[hour]),
                words.number(day.entered[hour]),
            )
            for hour in range(day.hours_begun)
        ]

    def named(self, kind: str, counts: dict[str, int]) -> list[tuple[str, str]]:
        """Each count with what its kind is called; a word that is not in the catalogue stands for itself."""
        told = []
        for name, count in counts.items():
            key = f"today.{kind}.{name}"
            said = self._words.sentences.gettext(key)
            told.append((name if said == key else said, self._words.number(count)))
        return told


def seconds(words: Words, span_ms: int) -> str:
    """A short span of time: tenths below a minute and a half."""
    if span_ms < 90_000:
        return words.say("unit.seconds", n=words.number(span_ms / 1000))
    return words.elapsed(span_ms // 1000)


def _end(day: Day, slot: int) -> datetime:
    """When that ten minutes end."""
    return day.at(0) + (day.at(1) - day.at(0)) * (slot + 1) / HOUR
