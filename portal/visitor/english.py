"""What the visitor's pages say in English. Must not know: when it is said."""

from __future__ import annotations

from typing import Final

from portal.visitor.words import (
    AwayWords,
    DeliveryWords,
    Durations,
    FormWords,
    NoticeWords,
    OnlineWords,
    RefusalWords,
    Sizes,
    Told,
    Words,
)

ENGLISH: Final = Words(
    name="English",
    languages="Language",
    durations=Durations(seconds="{n} s", minutes="{n} min", hours="{n} h"),
    sizes=Sizes(kilobytes="{n} kB", megabytes="{n} MB", gigabytes="{n} GB", decimal="."),
    form=FormWords(
        heading="Internet access",
        intro="Enter your mobile number. A password comes to it by SMS.",
        time_used_up="Your time here ({time}) is used up. You may ask for a new password.",
        data_used_up="Your data here ({data}) is used up. You may ask for a new password.",
        login="Login",
        login_help="Your mobile number, for example 8\u00a0701\u00a0123\u00a045\u00a067",
        get_password="Get password",
        password="Password",
        password_help="The 6 digits from the SMS",
        enter="Go online",
        change_number="Change number",
        another_in="New password possible in: {wait}",
        another_now="No SMS? Ask for a new password; the old one then no longer counts.",
        tries_left="Tries left: {count}",
        valid_for="Valid for: {wait}",
        look_again="Look again",
    ),
    delivery=DeliveryWords(
        queued="The SMS with the password is about to be sent.",
        sent="The SMS with the password is on its way.",
        delivered="The SMS with the password has arrived.",
        failed="The SMS could not be delivered. Check the number and ask for a new password, or ask at the desk.",
        unknown="We cannot tell whether the SMS was sent. If it arrives, its password counts;"
        " if not, ask for a new one now.",
    ),
    online=OnlineWords(
        heading="You are online",
        sentence="You can close this window.",
        login="Login",
        online_for="Online for",
        used="Used",
        time_left="Time left",
        data_left="Data left",
        until="You stay online until your device leaves this Wi-Fi. After that you need a new password.",
        until_limit="You stay online until your device leaves this Wi-Fi or what is left is used up."
        " After that you need a new password.",
    ),
    away=AwayWords(
        heading="Welcome back",
        sentence="Your access is being opened again, without a new password. This page looks again by itself.",
        get_password="Ask for a new password instead",
    ),
    refusal=RefusalWords(
        bad_request="This entry could not be understood. Go back and enter it again.",
        too_large="This entry is too long. Go back and enter it again.",
        forbidden="This access point is not set up correctly. Please tell the desk.",
        busy="Many people are connecting right now. This page tries again by itself in a few seconds.",
        not_on_lan="Your device is not in this venue's Wi-Fi. Join the Wi-Fi, then open this page again.",
        unknown_device="Your device cannot be found in this venue's Wi-Fi. Switch Wi-Fi off and on,"
        " then open this page again.",
        not_a_number="This is not a phone number. Enter your mobile number with all its digits.",
        not_mobile="This is not a mobile number, so no SMS can reach it. Enter a mobile number.",
        country_not_allowed="Numbers of this country get no SMS here. Enter another mobile number or ask at the desk.",
        too_soon="A password was sent just now. Wait for the SMS before you ask for another.",
        number_limit="This number has been sent enough passwords for now. Come back later or ask at the desk.",
        device_limit="Your device has asked for enough passwords for now. Come back later or ask at the desk.",
        venue_limit="No more SMS can be sent here for now. Please ask at the desk.",
        prefix_limit="Numbers that begin like yours have been sent enough passwords for now."
        " Come back later or ask at the desk.",
        not_your_turn="Many passwords are being asked for right now. Stay here, then press “Get password” again.",
        budget_spent="SMS cannot be sent from here at the moment. Please ask at the desk.",
        already_online="You are online already.",
        no_password_asked="No password has been asked for yet. Enter your number and press “Get password”.",
        password_malformed="The password is 6 digits, 0 to 9. Enter it as it stands in the SMS.",
        password_wrong="This password is not right. Compare it with the latest SMS and enter it again.",
        password_expired="This password is too old. Press “Get password” for a new one.",
        too_many_tries="There were too many wrong passwords, so this one no longer counts."
        " Press “Get password” for a new one.",
        journal_unavailable="Access cannot be opened at the moment. Please ask at the desk.",
        no_such_visit="This visit is over. Go back and ask for a new password.",
        terms_not_accepted="To go online here, read this venue's terms, agree to them and press “Get password”.",
        sms_unavailable="No SMS can leave here at the moment. Please ask at the desk, or try again later.",
        voucher_malformed="A voucher has twelve letters and digits. Please look at it once more.",
        voucher_unknown="There is no such voucher. Please look at it once more.",
        voucher_used="This voucher was used already.",
        voucher_expired="This voucher is no longer valid. Please ask at the desk.",
        too_many_vouchers="Too many wrong vouchers were entered. Please ask at the desk.",
        again_in="You can try again in {wait}.",
    ),
    notice=NoticeWords(
        cannot_heading="That did not work",
        wifi_heading="Join the Wi-Fi first",
        moment_heading="One moment",
        closed_heading="No access at the moment",
        no_gate=Told(
            "One moment", "The access point is not ready yet. This page tries again by itself in a few seconds."
        ),
        not_behind_gateway=Told(
            "Not behind the gateway",
            "This page does not know your device. Join the venue's Wi-Fi and open it again, or tell the desk.",
        ),
        another_site=Told(
            "Sent from another page",
            "To protect you, entries are taken only from this page itself. Go back and enter it again here.",
        ),
        not_found=Told("There is no such page", "Go back to the first page to connect."),
        not_allowed=Told("This does not work here", "Go back to the first page to connect."),
        too_large=Told("That is too much", "More was sent than this page takes. Go back and enter it again."),
        bad_request=Told("This could not be understood", "Go back to the first page and enter it again."),
        broken=Told("Something broke here", "It is not your fault. Go back and try again, or tell the desk."),
        to_start="To the first page",
    ),
)
