"""The last step: is everything in order? Then the venue opens. Must not know: how anything was examined."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response as AnyResponse

from appliance.steward.wire import Examination, Examine, Examined, StewardRefused
from portal.console.routes import see
from portal.console.site import Site
from portal.console.wizard import steps
from portal.console.wizard.ground import StewardSaysNo, change, ground, step_page
from portal.console.wizard.steps import Step


class Finishing:
    """Its page and form, and the way in."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def enter(self) -> AnyResponse:
        """To where an interrupted owner goes on."""
        return see(steps.path_of(steps.where_to_go_on(ground(self._site).done(self._site))))

    def show(self) -> AnyResponse:
        """What was found, light by light."""
        examined = self._site.steward.ask(Examine())
        if isinstance(examined, StewardRefused):
            raise StewardSaysNo(examined)
        assert isinstance(examined, Examined)
        missing, passed_by = self._left()
        lights: dict[str, list[Examination]] = {}
        for each in examined.findings:
            lights.setdefault(each.light.value, []).append(each)
        return step_page(
            self._site,
            Step.FINISH,
            lights=[(light, all(each.ok for each in found), found) for light, found in lights.items()],
            all_well=all(each.ok for each in examined.findings),
            missing=missing,
            passed_by=passed_by,
        )

    def open(self) -> AnyResponse:
        """Visitors are let in from now on."""
        if self._left()[0] or request.form.get("open") != "yes":
            return see(steps.path_of(Step.FINISH))
        if refused := change(self._site, ground(self._site), {"venue.open": True}):
            return step_page(
                self._site, Step.FINISH, 422, lights=[], all_well=False, missing=(), passed_by=(), refused=refused
            )
        return self._site.page("wizard_open.html")

    def _left(self) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
        """The steps that must be done first, and those that may be later."""
        finished = ground(self._site).done(self._site)
        left = [step for step in Step if step not in finished | steps.NEVER_DONE]
        needed = tuple(step for step in left if step in steps.NEEDED)
        return needed, tuple(step for step in left if step not in steps.NEEDED)
