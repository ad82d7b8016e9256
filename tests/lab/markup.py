"""A page of HTML as a person without scripts has it: text, links, forms with their labels, buttons.

    >>> page = read("http://h/", 200, "<form method=post><label for=n>Name</label><input id=n name=n></form>")
    >>> page.forms[0].filled({"Name": "Aigerim"})
    {'n': 'Aigerim'}

Must not know: who fetched it, which page it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

_UNSEEN = ("style", "script", "title", "svg")


@dataclass(frozen=True)
class Link:
    """A link."""

    text: str
    address: str
    target: str


@dataclass(frozen=True)
class Form:
    """A form as it stands on the page."""

    action: str
    method: str
    fields: Mapping[str, str]
    """By name, with what stands in them."""
    labels: Mapping[str, str]
    """Text of a label → name of its field."""
    hidden: frozenset[str]
    """The names of those that nobody can type into."""
    buttons: Mapping[str, Mapping[str, str]]
    """Text of a button → what it sends besides."""

    def filled(self, entries: Mapping[str, str]) -> dict[str, str] | None:
        """All fields, with these typed in; None if one of them is not there to be typed into."""
        named = {self.labels.get(key, key): value for key, value in entries.items()}
        if not named.keys() <= self.fields.keys() - self.hidden:
            return None
        return {**self.fields, **named}


@dataclass(frozen=True)
class Page:
    """What a window shows."""

    url: str
    status: int
    title: str
    text: str
    """Words as they are read, one blank between them."""
    language: str
    links: tuple[Link, ...]
    forms: tuple[Form, ...]

    def link(self, text: str) -> Link | None:
        """The first link with this text."""
        return next((link for link in self.links if link.text == text), None)


def read(url: str, status: int, body: str) -> Page:
    """The page that this body is."""
    reader = _Reader()
    reader.feed(body)
    reader.close()
    text = " ".join(" ".join(reader.words).split())
    title = " ".join(reader.title.split())
    return Page(url, status, title, text, reader.language, tuple(reader.links), tuple(map(_form, reader.forms)))


@dataclass
class _Draft:
    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    buttons: dict[str, Mapping[str, str]] = field(default_factory=dict)


def _form(draft: _Draft) -> Form:
    labels = {text: draft.ids[of] for text, of in draft.labels.items() if of in draft.ids}
    return Form(draft.action, draft.method, draft.fields, labels, frozenset(draft.hidden), draft.buttons)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.title = self.language = ""
        self.links: list[Link] = []
        self.forms: list[_Draft] = []
        self._form: _Draft | None = None
        self._open: list[str] = []
        self._caught: tuple[str, Mapping[str, str], list[str]] | None = None
        """The link, label or button that is being read."""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attributes}
        match tag:
            case "html":
                self.language = said.get("lang", "")
            case "form":
                self._form = _Draft(said.get("action", ""), said.get("method", "get").lower())
                self.forms.append(self._form)
            case "input" if self._form is not None and "name" in said:
                self._form.fields[said["name"]] = said.get("value", "")
                if "id" in said:
                    self._form.ids[said["id"]] = said["name"]
                if said.get("type") == "hidden" or "readonly" in said or "disabled" in said:
                    self._form.hidden.add(said["name"])
            case "a" | "label" | "button":
                self._caught = (tag, said, [])
            case _ if tag in _UNSEEN:
                self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._open and tag == self._open[-1]:
            self._open.pop()
        if tag == "form":
            self._form = None
        if self._caught is None or tag != self._caught[0]:
            return
        _, said, words = self._caught
        self._caught = None
        text = " ".join(" ".join(words).split())
        match tag:
            case "a":
                self.links.append(Link(text, said.get("href", ""), said.get("target", "")))
            case "label" if self._form is not None:
                self._form.labels[text] = said.get("for", "")
            case "button" if self._form is not None and said.get("type", "submit") == "submit":
                self._form.buttons[text] = {said["name"]: said.get("value", "")} if "name" in said else {}

    def handle_data(self, data: str) -> None:
        if self._open:
            if self._open[-1] == "title":
                self.title += data
            return
        self.words.append(data)
        if self._caught is not None:
            self._caught[2].append(data)
