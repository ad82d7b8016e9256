"""Asking the gate from the command line: a refusal becomes a sentence for the person at the terminal.

Must not know: any command.
"""

from __future__ import annotations

import click

from appliance import wire
from appliance.client import Client
from appliance.config import Config
from appliance.sockets import gate_socket
from appliance.wire import Refusal
from appliance.wire_desk import DeskRefusal, DeskRefused


def ask(config: Config, request: wire.Request) -> wire.Reply:
    """The gate's answer.

    Raises:
        click.ClickException: it refused; says why and what to do.
    """
    reply = Client(gate_socket(config)).ask(request)
    if isinstance(reply, wire.Refused | DeskRefused):
        raise click.ClickException(sentence(reply))
    return reply


def sentence(refused: wire.Refused | DeskRefused) -> str:
    """What the refusal means to whoever sits at a terminal."""
    if isinstance(refused, DeskRefused):
        told = _AT_DESK[refused.why].format(field=refused.field.replace("_", " ") or "name")
    else:
        told = _REFUSALS.get(refused.refusal, f"the gate refused: {refused.refusal}")
    if isinstance(refused, wire.Refused) and refused.tries_left:
        told += f"; {refused.tries_left} tries left"
    return f"{told}; again in {refused.retry_in_s} s" if refused.retry_in_s else told


_REFUSALS = {
    Refusal.FORBIDDEN: "the gate takes this from root alone; try sudo",
    Refusal.NO_SUCH_VISIT: "this device has no visit; `qaqpa visits` lists those that do",
    Refusal.BUSY: "the gate is busy; try again in a moment",
    Refusal.JOURNAL_UNAVAILABLE: "the journal cannot be written; `qaqpa doctor` says why",
    Refusal.ALREADY_ONLINE: "this device is online already; `qaqpa end` ends its visit",
    Refusal.NOT_A_NUMBER: "that is no telephone number",
    Refusal.NOT_MOBILE: "that is no mobile number",
    Refusal.COUNTRY_NOT_ALLOWED: "numbers of that country are not served (password.countries)",
    Refusal.NO_PASSWORD_ASKED: "no password was asked for this device; `qaqpa desk password` sends one",
    Refusal.PASSWORD_MALFORMED: "a password is six digits",
    Refusal.PASSWORD_WRONG: "the password is wrong",
    Refusal.PASSWORD_EXPIRED: "the password is too old; send another",
    Refusal.TOO_MANY_TRIES: "the password is void after too many tries; send another",
    Refusal.UNKNOWN_DEVICE: "the device is not on the network any more",
    Refusal.TOO_SOON: "a password is on its way to this number",
    Refusal.NUMBER_LIMIT: "this number was sent enough passwords for now",
    Refusal.DEVICE_LIMIT: "this device asked for enough passwords for now",
    Refusal.VENUE_LIMIT: "the venue has sent enough passwords for now; admit by document",
    Refusal.PREFIX_LIMIT: "too many passwords to such numbers were not entered; admit by document",
    Refusal.NOT_YOUR_TURN: "many passwords are asked for and not entered; try again",
    Refusal.BUDGET_SPENT: "the SMS budget is spent (`qaqpa doctor`); admit by document",
    Refusal.BAD_REQUEST: "the gate cannot use this; an end lies ahead, by five years at most, and a reason is one line",
    Refusal.BLOCKED: "staff keep this device or number out; `qaqpa blocks` says who, `qaqpa unblock` lifts it",
    Refusal.VENUE_CLOSED: "the venue is closed to whoever is new (venue.open)",
    Refusal.NO_SUCH_BLOCK: "nobody by this name is blocked; `qaqpa blocks` lists who is",
    Refusal.TOO_MANY_BLOCKS: "1,000 are blocked already; `qaqpa unblock` those that matter no more",
    Refusal.SMS_UNAVAILABLE: "no SMS can leave just now (`qaqpa sms status`); admit by document",
}
_AT_DESK = {
    DeskRefusal.STAFF_UNNAMED: "say who you are (--staff): it is recorded",
    DeskRefusal.DEVICE_UNNAMED: "name the code on the visitor's page, or a --workstation",
    DeskRefusal.CODE_MALFORMED: "a code is six letters and digits, as on the visitor's page",
    DeskRefusal.CODE_UNKNOWN: "no page shows this code now; let the visitor look at theirs again",
    DeskRefusal.TOO_MANY_CODES: "too many wrong codes",
    DeskRefusal.WORKSTATION_UNKNOWN: "no [[workstation]] of the configuration has this number",
    DeskRefusal.NOBODY_THERE: "the device is not on the network; let it connect first",
    DeskRefusal.SEVERAL_THERE: "more than one device is behind this workstation's port; use the code on the page",
    DeskRefusal.NAME_MISSING: "the {field} is missing (¶10)",
    DeskRefusal.TOO_LONG: "the {field} is too long: a name has at most 100 characters, anything else 40",
    DeskRefusal.CHARACTERS: "the {field} has characters that it cannot have; a name has letters, blanks, - and '",
    DeskRefusal.FIELD_OFF: "this venue does not ask for the {field} (desk.fields)",
    DeskRefusal.DATE_IMPOSSIBLE: "the {field} is no date of the past such as 2000-12-31",
    DeskRefusal.NO_SUCH_BATCH: "there is no such batch; `qaqpa voucher list` lists them",
    DeskRefusal.TOO_MANY_VOUCHERS_OUT: "20,000 vouchers are out already; they are forgotten 30 days after they expire",
}
