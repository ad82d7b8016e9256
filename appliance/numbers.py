"""What a visitor typed into «Login», judged: a subscriber number (¶2) that may be sent an SMS, or why not.

    >>> judge("8 (701) 123-45-67", frozenset({"KZ"}))
    '+77011234567'
    >>> judge("8 800 080 77 77", frozenset({"KZ"}))
    <Refusal.NOT_MOBILE: 'not_mobile'>

Pure. The plan of numbers is libphonenumber's.
"""

from __future__ import annotations

import phonenumbers
from phonenumbers import PhoneNumberType

from appliance.wire import Refusal

# FIXED_LINE_OR_MOBILE: plans such as North America's cannot tell the two apart; an SMS may arrive.
_MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


def judge(typed: str, countries: frozenset[str], home: str = "KZ") -> str | Refusal:
    """The number in E.164, or the reason for refusing it.

    Args:
        typed: as the visitor typed it: national, with +, with 8-10, with blanks and brackets.
        countries: ISO 3166 codes of the countries whose mobile numbers are served.
        home: the country whose national notation is understood.
    """
    if any(character.isalpha() for character in typed.lower().replace("ext", "")):
        return Refusal.NOT_A_NUMBER  # libphonenumber would read FLOWERS as digits: an SMS to a stranger
    try:
        number = phonenumbers.parse(typed, home)
    except phonenumbers.NumberParseException:
        return Refusal.NOT_A_NUMBER
    if number.extension or not phonenumbers.is_valid_number(number):
        return Refusal.NOT_A_NUMBER
    if phonenumbers.number_type(number) not in _MOBILE:
        return Refusal.NOT_MOBILE
    if phonenumbers.region_code_for_number(number) not in countries:
        return Refusal.COUNTRY_NOT_ALLOWED
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def masked(number: str) -> str:
    """An E.164 number with all but its ends hidden, in groups where we know them; for people to read.

    >>> masked("+77011234567").replace(chr(0xA0), " ")
    '+7 701 ••• •• 67'
    >>> masked("+4915112345678")
    '+491•••••••••78'
    """
    if number.startswith("+7") and len(number) == len("+77011234567"):
        # No-break spaces: a number must not be torn at a line's end in a narrow window.
        return "\u00a0".join(("+7", number[2:5], "•••", "••", number[-2:]))
    return number[:4] + "•" * len(number[4:-2]) + number[-2:]
