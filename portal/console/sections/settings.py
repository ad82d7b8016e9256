"""The configuration: looked at, changed, tried, applied, undone; secrets; back-ups.

    form or text → tried by the steward → shown as a difference → applied, to be kept within two minutes

Whatever is shown comes from the steward at that moment; a page keeps nothing. Must not know: how anything is carried
out.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from flask import Response, jsonify, request

from appliance.errors import ApplianceError
from appliance.steward import wire
from portal.console import found_words
from portal.console.routes import OWNER, Routes, see
from portal.console.sections import settings_form
from portal.console.sections.settings_form import Misfit
from portal.console.site import Site

UNDO_S = 120
_R = TypeVar("_R", bound=wire.Reply)
_LONGEST_TEXT = 128 * 1024
_PASSWORD_OF = "password."
_LARGEST_FILE = 64 * 1024


def register(routes: Routes, site: Site) -> None:
    """Its pages and forms."""
    views = _Views(site)
    page, form = partial(routes.page, roles=OWNER), partial(routes.form, roles=OWNER)
    page("/settings", "settings", views.form, nav="settings.nav")
    page("/settings/text", "settings_text", views.text)
    form("/settings/try", "settings_try", views.try_form)
    form("/settings/try-text", "settings_try_text", views.try_text)
    form("/settings/former", "settings_former", views.former)
    form("/settings/apply", "settings_apply", views.apply)
    page("/settings/pending", "settings_pending", views.pending)
    page("/settings/state", "settings_state", views.state)
    form("/settings/keep", "settings_keep", views.keep)
    form("/settings/undo", "settings_undo", views.undo)
    page("/settings/secrets", "settings_secrets", views.secrets)
    form("/settings/secret", "settings_secret", views.save_secret)
    page("/settings/backup", "settings_backup", views.backups)
    form("/settings/backup", "settings_make_backup", views.make_backup)


def _passwords() -> dict[str, str]:
    """Those that a form brought, by provider."""
    return {
        name.removeprefix(_PASSWORD_OF): value for name, value in request.form.items() if name.startswith(_PASSWORD_OF)
    }


class _Silent(Exception):
    """The steward does not answer, or refuses; carries what a person is told."""

    def __init__(self, key: str, said: str = "") -> None:
        self.key, self.said = key, said


class _Views:
    def __init__(self, site: Site) -> None:
        self._site = site

    # ── looked at ───────────────────────────────────────────────────────────────────────────────────────────────────

    def form(self) -> Response:
        """All settings as a form."""
        return self._form()

    def text(self) -> Response:
        """All settings as the text that they are."""
        try:
            settings = self._settings()
        except _Silent as silent:
            return self._alone(silent)
        return self._text(settings.toml, settings.digest)

    def _form(self, entered: dict[str, list[str]] | None = None, problems: dict[str, Any] | None = None) -> Response:
        try:
            settings = self._settings()
        except _Silent as silent:
            return self._alone(silent)
        try:
            groups = settings_form.form(settings.toml, entered)
        except ValueError:
            return self._text(
                settings.toml, settings.digest
            )  # somebody wrote what is no TOML: only there it can be mended
        wanted = request.args.get("q", "").strip().lower()
        return self._site.page(
            "settings.html",
            status=400 if problems else 200,
            settings=settings,
            groups=groups,
            base=(entered or {}).get("base", [settings.digest])[0],
            wanted=wanted,
            missed={each.name for group in groups for each in group.fields if not self._is_wanted(each, wanted)},
            problems={field: self._problem(problem) for field, problem in (problems or {}).items()},
        )

    def _is_wanted(self, field: settings_form.Field, wanted: str) -> bool:
        return wanted in f"{self._site.words().say(f'settings.key.{field.key.name}')} {field.key.name}".lower()

    def _text(self, toml: str, base: str, problems: tuple[wire.Problem, ...] = ()) -> Response:
        return self._site.page("settings_text.html", 400 if problems else 200, toml=toml, base=base, problems=problems)

    def _problem(self, problem: Misfit | wire.Problem | str) -> str:
        words = self._site.words()
        if isinstance(problem, wire.Problem):
            told = found_words.problem(words, problem)
            # The box's own sentence is a whole one in the other languages; in English it goes on from the key.
            return told.what if told.language != "en" else words.say("settings.problem.said", said=told.what)
        if isinstance(problem, str):
            return words.say("settings.problem.said", said=problem)
        bounds = {
            name: words.number(value) for name in ("least", "most") if (value := getattr(problem, name)) is not None
        }
        if problem.kind in {"whole", "number", "range"} and len(bounds) == 2:
            return words.say(f"settings.problem.{problem.kind}", **bounds)
        return words.say(f"settings.problem.{problem.kind}", **{"least": "0", "most": "", **bounds})

    # ── changed ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def try_form(self) -> Response:
        """What was entered, shown as a difference before anything happens."""
        from appliance.steward.editing import CannotEdit, with_values  # for who changes something

        said = {name: request.form.getlist(name) for name in request.form}
        try:
            settings = self._settings()
            if settings.digest != request.form.get("base"):
                return self._alone(_Silent("settings.changed_meanwhile"), 409)
            entered = settings_form.entered(said, settings.toml)
            if entered.misfits:
                return self._form(said, dict(entered.misfits))
            toml = with_values(settings.toml, entered.values)
            tried = self._tried(toml)
        except CannotEdit as error:
            return self._form(said, {"": str(error)})
        except _Silent as silent:
            return self._alone(silent)
        if tried.problems:
            return self._form(said, {settings_form.field_name(each.key): each for each in tried.problems})
        return self._preview(toml, settings.digest, tried)

    def try_text(self) -> Response:
        """The same of the text as a whole."""
        toml = request.form.get("toml", "").replace("\r\n", "\n")[:_LONGEST_TEXT]
        try:
            tried = self._tried(toml)
        except _Silent as silent:
            return self._alone(silent)
        base = request.form.get("base", "")
        return self._text(toml, base, tried.problems) if tried.problems else self._preview(toml, base, tried)

    def former(self) -> Response:
        """The same of one from before: a back-up's, or the last that worked."""
        try:
            settings = self._settings()
            toml = self._ask(wire.ReadFormer(request.form.get("backup", "")[:64]), wire.Former).toml
            tried = self._tried(toml)
        except _Silent as silent:
            return self._alone(silent, 409)
        base = settings.digest
        return self._text(toml, base, tried.problems) if tried.problems else self._preview(toml, base, tried)

    def _preview(self, toml: str, base: str, tried: wire.Tried) -> Response:
        words = self._site.words()
        labels = {
            each.key: words.say(f"settings.key.{labelled}")
            for each in tried.changes
            if (labelled := settings_form.labelled(each.key))
        }
        return self._site.page("settings_preview.html", toml=toml, base=base, tried=tried, labels=labels, undo_s=UNDO_S)

    def apply(self) -> Response:
        """Put it in force, on trial."""
        toml = request.form.get("toml", "").replace("\r\n", "\n")
        base = request.form.get("base", "")
        staff = self._site.who().login
        try:
            self._ask(wire.ApplySettings(toml[:_LONGEST_TEXT], base, staff, UNDO_S, _passwords()), wire.Pending)
        except _Silent as silent:
            return self._alone(silent, 409)
        return see("/settings/pending")

    def pending(self) -> Response:
        """What waits to be kept, and how long."""
        try:
            return self._site.page("settings_pending.html", settings=self._settings())
        except _Silent as silent:
            return self._alone(silent)

    def state(self) -> Response:
        """The same for the page's script: that it is answered at all is the proof that the console can be reached."""
        try:
            settings = self._settings()
        except _Silent:
            return jsonify(starting=True, undo_in_s=None)
        return jsonify(starting=settings.is_starting, undo_in_s=settings.undo_in_s)

    def keep(self) -> Response:
        """It works."""
        return self._then(wire.KeepSettings(self._site.who().login))

    def undo(self) -> Response:
        """Rather as before."""
        return self._then(wire.UndoSettings(self._site.who().login))

    def _then(self, request_: wire.Request) -> Response:
        try:
            self._ask(request_, wire.Done)
        except _Silent as silent:
            return self._alone(silent, 409)
        return see("/settings/pending")

    # ── secrets ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def secrets(self) -> Response:
        """What can be written and never read."""
        providers = [each.name for each in self._site.config.sms.provider]
        wifi = self._site.config.wifi.interface
        return self._site.page("settings_secrets.html", providers=providers, wifi=wifi, saved="saved" in request.args)

    def save_secret(self) -> Response:
        """Write one."""
        try:
            kind = wire.SecretKind(request.form.get("kind", ""))
            given = request.files.get("file")
            content = given.read(_LARGEST_FILE + 1) if given else request.form.get("content", "").encode()
            if not content or len(content) > _LARGEST_FILE:
                return self._alone(_Silent("settings.secret.empty"), 400)
            name = request.form.get("name", "")[:64]
            self._ask(wire.SaveSecret(kind, content, self._site.who().login, name), wire.Done)
        except ValueError:
            return self._alone(_Silent("settings.secret.empty"), 400)
        except _Silent as silent:
            return self._alone(silent, 409)
        return see("/settings/secrets?saved=1")

    # ── back-ups ────────────────────────────────────────────────────────────────────────────────────────────────────

    def backups(self) -> Response:
        """Those on this machine."""
        try:
            reply = self._ask(wire.ListBackups(), wire.Backups)
        except _Silent as silent:
            return self._alone(silent)
        zone = self._site.config.venue.zone
        made = [(each, datetime.fromtimestamp(each.made_utc_ms / 1000, UTC).astimezone(zone)) for each in reply.backups]
        folder = f"{self._site.config.paths.state}/backups"
        return self._site.page("settings_backup.html", backups=made, folder=folder)

    def make_backup(self) -> Response:
        """One more."""
        try:
            self._ask(wire.MakeBackup(self._site.who().login), wire.BackupWritten)
        except _Silent as silent:
            return self._alone(silent, 409)
        return see("/settings/backup")

    # ── the steward ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _settings(self) -> wire.Settings:
        return self._ask(wire.ReadSettings(), wire.Settings)

    def _tried(self, toml: str) -> wire.Tried:
        return self._ask(wire.TrySettings(toml), wire.Tried)

    def _ask(self, request_: wire.Request, kind: type[_R]) -> _R:
        try:
            reply = self._site.steward.ask(request_)
        except ApplianceError as error:
            raise _Silent("settings.steward_silent") from error
        if isinstance(reply, wire.StewardRefused):
            raise _Silent(f"settings.refused.{reply.refusal.value}", reply.why)
        if not isinstance(reply, kind):
            raise _Silent("settings.steward_silent")
        return reply

    def _alone(self, silent: _Silent, status: int = 503) -> Response:
        words = self._site.words()
        return self._site.page("settings_refused.html", status, told=words.say(silent.key, said=silent.said))
