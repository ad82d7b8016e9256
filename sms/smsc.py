"""smpplib behind two functions: an effect of ``link`` as bytes, bytes as an event. The only module that imports it.

    >>> encode(SendEnquire(7), provider, now_utc_ms=0)
    b'\\x00\\x00\\x00\\x10\\x00\\x00\\x00\\x15\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x07'

Of smpplib only the PDU classes are used. Its ``Client`` is not: it logs whole PDUs (bind password and text included),
loses framing when a time-out falls inside a PDU, buffers any announced length, and speaks IPv4 only; ``connection``
does what it did. Must not know: sockets, the link's state.
"""

from __future__ import annotations

import logging
import struct
from typing import Any

from smpplib import command as smpp_command
from smpplib import command_codes, consts, exceptions, smpp
from smpplib.ptypes import ostr

from sms import dialogue as d
from sms import receipts
from sms.errors import ProtocolError
from sms.settings import Long, Provider, Role
from sms.submission import Submission
from sms.texts import Coding

HEADER_BYTES = 16
MAX_PDU_BYTES = 64 * 1024
"""The largest PDU anyone has use for carries one 64 KiB payload TLV; what announces more is out of step or hostile."""

_RESPONSE = 0x80000000
_BIND_ANSWERS = frozenset(f"bind_{role}_resp" for role in Role)
_MAX_VALIDITY_S = 28 * 24 * 3600
_GSM_RECEIPT, _UDH_INDICATOR = 0x04, 0x40  # esm_class, SMPP 3.4 §5.2.12
# SMPP 3.4 §5.3.2; written by hand, since smpplib bounds a payload at 260 octets.
_SAR_REFERENCE, _SAR_TOTAL, _SAR_PART, _MESSAGE_PAYLOAD = 0x020C, 0x020E, 0x020F, 0x0424

# What smpplib's parser raises on hostile bytes, found by feeding it some.
_PARSE_ERRORS = (
    struct.error,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    exceptions.PDUError,
    exceptions.UnknownCommandError,
)

# smpplib reads a TLV by the type it declares for it, not by the length on the wire, and has no entry for some standard
# TLVs in some PDUs, which raises. Reading every TLV as octets keeps the framing whatever a provider adds.
_TLVS = {name: smpp_command.Param(type=ostr) for name in consts.OPTIONAL_PARAMS}


def silence() -> None:
    """Nothing that smpplib logs can come out, at whatever level the process logs: it would print PDUs."""
    for name in ("smpplib", "smpplib.command", "smpp"):
        logger = logging.getLogger(name)
        logger.handlers = [logging.NullHandler()]
        logger.propagate = False
        logger.setLevel(logging.CRITICAL + 1)


def frame_length(header: bytes) -> int:
    """The whole length of the PDU that begins with these four bytes.

    Raises:
        ProtocolError: shorter than a header or longer than ``MAX_PDU_BYTES``.
    """
    length = int.from_bytes(header[:4], "big")
    if not HEADER_BYTES <= length <= MAX_PDU_BYTES:
        raise ProtocolError(f"a PDU of {length} bytes was announced")
    return length


def encode(effect: d.Wired, provider: Provider, now_utc_ms: int) -> bytes:
    """The PDU."""
    match effect:
        case d.SendBind(sequence, role):
            return _pdu(
                f"bind_{role}",
                sequence,
                system_id=provider.system_id,
                password=provider.password,
                system_type=provider.system_type,
                interface_version=0x34,
            )
        case d.SendSubmit(sequence, submission):
            return _submit(sequence, submission, provider, now_utc_ms)
        case d.SendEnquire(sequence):
            return _pdu("enquire_link", sequence)
        case d.SendUnbind(sequence):
            return _pdu("unbind", sequence)
        case d.AnswerEnquire(sequence):
            return _pdu("enquire_link_resp", sequence)
        case d.AnswerDelivered(sequence):
            return _pdu("deliver_sm_resp", sequence)
        case d.AnswerUnbind(sequence):
            return _pdu("unbind_resp", sequence)
        case d.SendNack(sequence, status):
            return _pdu("generic_nack", sequence, status=status)


def decode(frame: bytes) -> d.Event | None:
    """The event that one whole PDU is, or None for a response or notice that nobody waits for.

    Raises:
        ProtocolError: the PDU cannot be understood.
    """
    code, status, sequence = struct.unpack(">LLL", frame[4:HEADER_BYTES])
    match _command_name(code):
        case name if name in _BIND_ANSWERS:
            return d.BindAnswered(sequence, status)
        case "submit_sm_resp":
            return d.SubmitAnswered(sequence, status, _message_id(frame))
        case "enquire_link_resp":
            return d.EnquireAnswered(sequence)
        case "unbind_resp":
            return d.UnbindAnswered(sequence)
        case "generic_nack":
            return d.Nacked(sequence, status)
        case "enquire_link":
            return d.Enquired(sequence)
        case "deliver_sm":
            return d.Delivered(sequence, _receipt(frame))
        case "unbind":
            return d.UnbindAsked(sequence)
        case "alert_notification" | "outbind":
            return None
        case _:  # a response is never nacked: two such peers would nack each other for ever
            return None if code & _RESPONSE else d.Unknown(sequence)


def _command_name(code: int) -> str:
    """SMPP's name of a command_id, empty when it has none."""
    try:
        name: str = command_codes.get_command_name(code)
    except exceptions.UnknownCommandError:
        return ""
    return name


def validity_period(expires_utc_ms: int, now_utc_ms: int) -> str:
    """The time until expiry in SMPP's relative form (3.4 §7.1.1): YYMMDDhhmmss000R; at least one second."""
    left_s = min(_MAX_VALIDITY_S, max(1, (expires_utc_ms - now_utc_ms) // 1000))
    minutes, seconds = divmod(left_s, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return f"0000{days:02}{hours:02}{minutes:02}{seconds:02}000R"


def _submit(sequence: int, submission: Submission, provider: Provider, now_utc_ms: int) -> bytes:
    encoded = submission.encoded
    octets, esm_class, tlvs = encoded.octets, 0, b""
    if submission.total > 1 and provider.long is Long.SAR:
        reference, total, part = submission.reference, submission.total, submission.part
        tlvs = _tlv(_SAR_REFERENCE, reference, 2) + _tlv(_SAR_TOTAL, total, 1) + _tlv(_SAR_PART, part, 1)
    elif submission.total > 1:
        octets = bytes((5, 0, 3, submission.reference, submission.total, submission.part)) + octets
        esm_class = _UDH_INDICATOR
    elif not encoded.fits_one:
        octets, tlvs = b"", struct.pack(">HH", _MESSAGE_PAYLOAD, len(octets)) + octets
    pdu = _pdu(
        "submit_sm",
        sequence,
        source_addr_ton=provider.source_ton,
        source_addr_npi=provider.source_npi,
        source_addr=provider.source,
        dest_addr_ton=provider.dest_ton,
        dest_addr_npi=provider.dest_npi,
        destination_addr=submission.to if provider.dest_plus else submission.to.removeprefix("+"),
        esm_class=esm_class,
        validity_period=validity_period(submission.expires_utc_ms, now_utc_ms),
        registered_delivery=1,
        data_coding=provider.gsm_coding if encoded.coding is Coding.GSM else provider.ucs2_coding,
        short_message=octets,
    )
    return struct.pack(">L", len(pdu) + len(tlvs)) + pdu[4:] + tlvs if tlvs else pdu


def _tlv(tag: int, value: int, octets: int) -> bytes:
    return struct.pack(">HH", tag, octets) + value.to_bytes(octets, "big")


def _pdu(name: str, sequence: int, **fields: object) -> bytes:
    pdu = smpp.make_pdu(name, sequence=sequence, **fields)
    pdu.sequence = sequence  # the argument only keeps smpplib from asking a client for one
    octets: bytes = pdu.generate()
    return octets


def _parse(frame: bytes) -> Any:
    """smpplib's PDU object, its TLVs as octets."""
    try:
        pdu = smpp.make_pdu(command_codes.get_command_name(int.from_bytes(frame[4:8], "big")), sequence=0,
                            allow_unknown_opt_params=True)  # fmt: skip
        pdu.params = {**pdu.params, **_TLVS}
        pdu.parse(frame)
    except _PARSE_ERRORS as error:
        raise ProtocolError(f"a malformed PDU ({type(error).__name__})") from None
    return pdu


def _message_id(frame: bytes) -> str:
    body = frame[HEADER_BYTES:]
    if b"\0" not in body:  # some SMSCs leave out the closing zero, or with an error the whole body
        return body[:64].decode("ascii", "replace")
    return str((_parse(frame).message_id or b"")[:64].decode("ascii", "replace"))


def _receipt(frame: bytes) -> receipts.Receipt | None:
    pdu = _parse(frame)
    text = pdu.short_message or b""
    if len(text) != (pdu.sm_length or 0):
        raise ProtocolError("a deliver_sm is cut short")
    state = getattr(pdu, "message_state", None) or b""
    tlv_id = getattr(pdu, "receipted_message_id", None)
    if tlv_id is None and not (pdu.esm_class or 0) & _GSM_RECEIPT:
        return None
    number = (pdu.source_addr or b"")[:21].decode("ascii", "replace")
    body = text or getattr(pdu, "message_payload", None) or b""
    return receipts.read(body, tlv_id, state[0] if state else None, number)
