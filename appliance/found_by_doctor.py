"""Every sentence, in English, about what `qaqpa doctor` can find to be wrong in the appliance, and what to do about it.

The edges have their own. Must not know: how any of it is found out.
"""

from __future__ import annotations

from collections.abc import Mapping

_RENEW = "renew the certificate (qaqpa-certbot.service, or the files that [portal] names), then qaqpa apply --reload"
_SERVE = "qaqpa apply --reload; then systemctl status qaqpa-nginx qaqpa-portal"
_RAISE = "if your visitors asked for these (qaqpa journal extract), raise daily_sms or monthly_sms in [spending]"
_PUMPED = (
    "either SMS do not arrive (ask the SMS provider) or somebody asks for other people's numbers; nothing need be done"
    " at once: what it may cost is limited by [spending]"
)
_TMPFILES = "systemd-tmpfiles --create qaqpa.conf, then systemctl restart qaqpa-gate"

SENTENCES: Mapping[str, tuple[str, str]] = {
    # ── the machine ──
    "clock": ("the clock stands before the journal's last entry", "set it, or see `timedatectl`"),
    "unit.dead": ("%(unit)s does not run", "systemctl status %(unit)s"),
    "program.missing": ("%(program)s: not installed", "apt-get install %(package)s"),
    # By name: systemd finds it where the package put it, /usr/lib/sysusers.d.
    "user.missing": ("there is no user %(user)s", "systemd-sysusers qaqpa.conf"),
    "unusable": (
        "nobody is let in: %(said)s",
        "correct it in the console, where the last that worked can be put back too, or as root and `qaqpa apply`",
    ),
    "logo": ("%(said)s", "correct venue.logo, or leave it out; then qaqpa apply"),
    "rendered": ("%(path)s is missing or older than the configuration", "qaqpa apply, then restart what changed"),
    # ── SMS ──
    "sms.password": ("SMS: %(said)s", "mend that file, then restart qaqpa-sms"),
    "sms.settings": ("SMS: %(said)s", "correct [sms] in the configuration"),
    "sms.closed": ("SMS: %(said)s", "make it readable for that user alone, then restart qaqpa-sms"),
    "sms.spent": (
        "SMS: %(day)s of %(daily)s today, %(month)s of %(monthly)s this month%(cost)s: the budget is spent, "
        "nobody gets a password",
        _RAISE,
    ),
    "sms.spent_newcomers": (
        "SMS: %(day)s of %(daily)s today, %(month)s of %(monthly)s this month%(cost)s: only numbers that logged in "
        "here before get passwords",
        _RAISE,
    ),
    "sms.not_entered": ("of %(sent)s passwords sent in the last hours %(entered)s were entered", _PUMPED),
    "sms.held_back": ("nobody enters what is sent to %(prefixes)s: passwords are held back there", _PUMPED),
    # ── names ──
    "garden.unresolved": (
        "the garden's name %(name)s has no address",
        "correct portal.garden, or see whether the upstream resolvers (wan.dns) answer",
    ),
    # ── processes ──
    "gate.silent": ("%(said)s", "systemctl status qaqpa-gate"),
    "portal.silent": ("the portal does not answer at %(path)s (%(said)s)", "systemctl status qaqpa-portal"),
    "trouble.journal": (
        "the journal cannot be written, so nobody is let in",
        "the gate's log says why; most often the disk is full",
    ),
    "trouble.sms": (
        "no SMS provider takes messages, so visitors are sent to the desk",
        "see `qaqpa sms status`; if a provider is bound, the gate cannot reach the SMS process: restart both",
    ),
    "trouble.uplink": (
        "there is no Internet behind the gate, and visitors are told so",
        "see wan.interface's cable and address, then whether the upstream resolvers (wan.dns) answer",
    ),
    "presence.refused": ("sources of presence: %(said)s", "run as root"),
    "presence.dead": (
        "presence by %(name)s: not live: %(said)s",
        "mend what it says, then restart qaqpa-gate",
    ),
    # ── the captive portal API, link by link ──
    "api.announced": ("DHCP announces %(url)s", "qaqpa apply --reload"),
    "api.not_announced": ("DHCP announces no captive portal API", "qaqpa apply --reload"),
    "api.untold": ("phones are told of no captive portal API: the portal's certificate allows none", _RENEW),
    "api.silent": ("%(url)s: no client gets an answer: %(said)s", _SERVE),
    "api.status": ("%(url)s answers %(status)s", "systemctl status qaqpa-portal qaqpa-gate"),
    "api.type": ("%(url)s answers %(size)s bytes of %(type)s, which is no %(wanted)s", _SERVE),
    "api.answer": ("%(url)s answers what no client takes: %(said)s", _SERVE),
    "api.elsewhere": ("%(url)s leads to %(other)s", "systemctl restart qaqpa-portal"),
    "api.name": (
        "%(host)s is %(found)s at %(unit)s, and should be %(wanted)s",
        "qaqpa apply, then systemctl restart %(unit)s",
    ),
    "api.no_name": (
        "%(host)s is no address at %(unit)s, and should be %(wanted)s",
        "qaqpa apply, then systemctl restart %(unit)s",
    ),
    "certificate.before": (
        "%(said)s; the one before is served",
        "put the right files there, then qaqpa apply --reload",
    ),
    "certificate.none": (
        "%(said)s; the portal is on http",
        "put the right files there, then qaqpa apply --reload",
    ),
    "certificate.ends": ("the portal's certificate is one that phones take, until %(day)s", _RENEW),
    # ── the console ──
    "console.unread": ("the console's certificate cannot be read (%(said)s)", "run as root: qaqpa apply"),
    "console.silent": ("the console does not answer at %(path)s (%(said)s)", "systemctl status qaqpa-console"),
    "console.office_newer": ("%(said)s", "qaqpa update install, or a USB stick with that version"),
    "console.office_damaged": ("%(said)s", "bring it back from a back-up"),
    "console.own": ("the console has its own certificate: %(said)s", "mend that, then qaqpa apply"),
    "console.other": ("the console still has another certificate than %(path)s", "qaqpa apply --reload"),
    "console.ends_given": (
        "the console's certificate is good until %(day)s",
        "renew it, then qaqpa apply --reload",
    ),
    "console.ends_own": ("the console's certificate is good until %(day)s", "qaqpa apply --reload makes another"),
    "console.unreached": ("the console's port %(port)s does not answer (%(said)s)", "systemctl restart qaqpa-nginx"),
    "console.older": ("the console's port %(port)s shows an older certificate", "qaqpa apply --reload"),
    # ── rights ──
    "rights.group": ("%(path)s belongs to another group, so the console cannot read it", _TMPFILES),
    "rights.mode": (
        "%(path)s has mode %(mode)s, so the console cannot read it: the gate takes the right "
        "away from a reader that stands in its way",
        "systemctl restart qaqpa-console, then qaqpa-gate; the log of qaqpa-gate says when it was",
    ),
    "rights.open": ("%(path)s has mode %(mode)s: others than the gate may open it", "chmod 0600 %(path)s"),
    # ── the box's own access point ──
    "wifi.password": ("Wi-Fi: %(said)s", "write the password under Settings, Passwords and files"),
    "wifi.no_radio": ("Wi-Fi: %(port)s is no radio", "see that the adapter is plugged in, or correct wifi.interface"),
    "wifi.absent": ("Wi-Fi: %(port)s is not there", "see that the adapter is plugged in, or correct wifi.interface"),
    "wifi.silent": (
        "Wi-Fi: hostapd does not answer for %(port)s (%(said)s)",
        "systemctl status qaqpa-hostapd; the channel or the country may not be this radio's",
    ),
}
