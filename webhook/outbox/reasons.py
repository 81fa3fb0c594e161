"""Why a message did not arrive, in plain words for advisors and operators: by reason, and by the provider's code."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from webhook.twilio_edge.status import ERRORS, ErrorClass


class Reason(StrEnum):
    """Why a message was given up."""

    OPTED_OUT = "opted_out"
    UNREACHABLE = "unreachable"
    CONFIGURATION = "configuration"
    CONTENT = "content"
    BUG = "bug"
    UNKNOWN_CODE = "unknown_code"
    FAILED_AGAIN = "failed_again"
    OUTCOME_UNKNOWN = "outcome_unknown"
    WINDOW = "window"
    CLOSED = "closed"
    TOO_OLD = "too_old"
    SPEND_CAP = "spend_cap"
    COUNTRY = "country"
    SANDBOX = "sandbox"
    UNREADABLE = "unreadable"
    CANCELED = "canceled"


REASON_OF_CLASS = {
    ErrorClass.CONFIGURATION: Reason.CONFIGURATION,
    ErrorClass.RETRY: Reason.FAILED_AGAIN,
    ErrorClass.PERSON: Reason.UNREACHABLE,
    ErrorClass.CONTENT: Reason.CONTENT,
    ErrorClass.BUG: Reason.BUG,
    ErrorClass.UNKNOWN: Reason.UNKNOWN_CODE,
}

_REASONS: Mapping[str, tuple[str, str]] = {
    Reason.OPTED_OUT: (
        "The person does not want messages here. They must write first.",
        "La persona no quiere mensajes por aquí. Tiene que escribir primero.",
    ),
    Reason.UNREACHABLE: (
        "This person cannot be reached this way.",
        "No se puede llegar a esta persona por este medio.",
    ),
    Reason.CONFIGURATION: (
        "Our account at Twilio is not set up for this. Tell whoever runs the service.",
        "Nuestra cuenta en Twilio no está lista para esto. Avisa a quien opera el servicio.",
    ),
    Reason.CONTENT: (
        "The text or the template was refused. Write it differently.",
        "Rechazaron el texto o la plantilla. Escríbelo de otra forma.",
    ),
    Reason.BUG: (
        "The service made a mistake. Tell whoever runs it.",
        "El servicio cometió un error. Avisa a quien lo opera.",
    ),
    Reason.UNKNOWN_CODE: (
        "Twilio gave a reason that the service does not know. Tell whoever runs it.",
        "Twilio dio una razón que el servicio no conoce. Avisa a quien lo opera.",
    ),
    Reason.FAILED_AGAIN: (
        "It was tried again and failed again.",
        "Se intentó otra vez y volvió a fallar.",
    ),
    Reason.OUTCOME_UNKNOWN: (
        "Twilio did not say whether it was sent, not even the second time. It may have arrived.",
        "Twilio no dijo si se envió, ni la segunda vez. Puede que haya llegado.",
    ),
    Reason.WINDOW: (
        "More than 24 hours have passed since the person wrote on WhatsApp. They must write first.",
        "Pasaron más de 24 horas desde que la persona escribió por WhatsApp. Tiene que escribir primero.",
    ),
    Reason.CLOSED: (
        "The chat was closed before it could be sent.",
        "El chat se cerró antes de poder enviarlo.",
    ),
    Reason.TOO_OLD: (
        "It could not be sent for four hours, and would come too late now.",
        "No se pudo enviar en cuatro horas y ahora llegaría demasiado tarde.",
    ),
    Reason.SPEND_CAP: (
        "The limit for today's spending was reached.",
        "Se alcanzó el límite de gasto de hoy.",
    ),
    Reason.COUNTRY: (
        "Text messages are not sent to this country.",
        "No se envían mensajes de texto a este país.",
    ),
    Reason.SANDBOX: (
        "This phone has not joined Twilio's test number. Send the join code from it first.",
        "Este teléfono no se ha unido al número de prueba de Twilio. Envía primero el código para unirse.",
    ),
    Reason.UNREADABLE: (
        "The stored message cannot be read any more: the secret was changed.",
        "El mensaje guardado ya no se puede leer: cambió el secreto.",
    ),
    Reason.CANCELED: (
        "It was canceled at Twilio.",
        "Se canceló en Twilio.",
    ),
}

_CODES: Mapping[int, tuple[str, str]] = {
    20003: ("Twilio did not accept our key.", "Twilio no aceptó nuestra clave."),
    21211: ("The number is not valid.", "El número no es válido."),
    21408: ("Our account may not send to this country.", "Nuestra cuenta no puede enviar a este país."),
    21610: _REASONS[Reason.OPTED_OUT],
    21611: ("Too many messages were waiting at Twilio.", "Había demasiados mensajes esperando en Twilio."),
    21612: ("Our number cannot send to this country.", "Nuestro número no puede enviar a este país."),
    21614: ("The number is a landline.", "El número es de un teléfono fijo."),
    21617: ("The message is too long.", "El mensaje es demasiado largo."),
    21703: ("No number of ours could send it.", "Ningún número nuestro pudo enviarlo."),
    30001: ("Too many messages were waiting at Twilio.", "Había demasiados mensajes esperando en Twilio."),
    30002: ("Our account at Twilio is suspended.", "Nuestra cuenta en Twilio está suspendida."),
    30003: ("The phone is off or has no signal.", "El teléfono está apagado o sin señal."),
    30004: ("The carrier blocked the message.", "La compañía telefónica bloqueó el mensaje."),
    30005: ("The number does not exist any more.", "El número ya no existe."),
    30006: ("The number is a landline.", "El número es de un teléfono fijo."),
    30007: ("The carrier took the message for spam.", "La compañía telefónica lo tomó por spam."),
    30008: ("The carrier did not say why.", "La compañía telefónica no dijo por qué."),
    30410: ("WhatsApp or the carrier did not answer.", "WhatsApp o la compañía telefónica no respondió."),
    63003: ("This person is not on WhatsApp.", "Esta persona no está en WhatsApp."),
    63010: ("WhatsApp had a fault.", "WhatsApp tuvo una falla."),
    63012: ("WhatsApp had a fault.", "WhatsApp tuvo una falla."),
    63014: ("The person has blocked our number.", "La persona bloqueó nuestro número."),
    63015: _REASONS[Reason.SANDBOX],
    63016: _REASONS[Reason.WINDOW],
    63017: ("Our account sent too many messages at once.", "Nuestra cuenta envió demasiados mensajes a la vez."),
    63018: ("Our number sent too many messages at once.", "Nuestro número envió demasiados mensajes a la vez."),
    63024: (
        "WhatsApp cannot deliver to this person: old version, or terms not accepted.",
        "WhatsApp no puede entregarle: versión antigua o términos sin aceptar.",
    ),
    63033: ("The person has blocked our number.", "La persona bloqueó nuestro número."),
    63038: ("Our account reached its limit for today.", "Nuestra cuenta llegó a su límite de hoy."),
    63051: ("WhatsApp has locked our account.", "WhatsApp bloqueó nuestra cuenta."),
}


def reason_of(code: int, language: str, reason: str = "") -> str:
    """Why a message did not arrive, in a language. A `reason` of our own is used where the code says nothing more."""
    said = _CODES.get(code) or _REASONS.get(reason)
    if said is None and code:
        said = _REASONS[REASON_OF_CLASS[ERRORS.get(code, ErrorClass.UNKNOWN)]]
    if said is None:
        said = _REASONS[Reason.UNKNOWN_CODE]
    return said[language.startswith("es")]
