"""Keys derived from the one secret of an installation, and what they make of a person's address.

Nothing that tells who somebody is may stand in the store or a log: a person is known by a keyed code of the WhatsApp
user id, or else of the number. There are few enough numbers to try them all, so a plain hash would hide nothing.
Each purpose has its own key, and each key its previous one while the secret is being changed.
"""

import hashlib
import hmac
import os
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MIN_SECRET_CHARACTERS = 32
_NONCE_BYTES = 12
_PERSON_BYTES = 16

_WHATSAPP = "whatsapp:"
_MEXICO_WHATSAPP = re.compile(r"\+521(\d{10})", re.ASCII)
_USER_ID = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}", re.ASCII)


class WeakSecret(ValueError):
    """The secret is so short that numbers could be found by trying."""


class Unopened(ValueError):
    """A sealed text was not sealed with our keys, or for something else, or was changed."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who wrote, by keyed codes of 22 characters.

    `user` is the code of the WhatsApp user id, `number` that of the number; "" where the webhook did not carry it.
    `user_before` and `number_before` are the same two under the previous secret; "" when none is being changed.
    """

    user: str = ""
    number: str = ""
    user_before: str = ""
    number_before: str = ""

    @property
    def key(self) -> str:
        """The code the person is known by: the user id survives where a number is withheld."""
        return self.user or self.number


def is_user_id(address: str) -> bool:
    """Whether a bare address is a WhatsApp user id (BSUID, `BZ.1000…`). It has letters and is never read as a number."""
    return _USER_ID.fullmatch(address) is not None


def normal_address(address: str) -> str:
    """One spelling for one address: without `whatsapp:`, and Mexico's numbers without WhatsApp's extra 1 (+521 → +52).

    A user id stays as it is. Reply to the address as it came, not to this one.
    """
    bare = address.strip().removeprefix(_WHATSAPP).strip()
    mexican = _MEXICO_WHATSAPP.fullmatch(bare)
    return f"+52{mexican[1]}" if mexican else bare


@dataclass(frozen=True, slots=True)
class _Derived:
    """The keys of one secret."""

    identity: bytes = field(repr=False)
    echo: bytes = field(repr=False)
    purposes: bytes = field(repr=False)
    sealing: AESGCM = field(repr=False)


def _derive(secret: str) -> _Derived:
    if len(secret) < MIN_SECRET_CHARACTERS:
        raise WeakSecret(f"the secret has {len(secret)} characters; it needs at least {MIN_SECRET_CHARACTERS}")

    def key(purpose: bytes) -> bytes:
        return HKDF(SHA256(), length=32, salt=None, info=b"ventanilla/1/" + purpose).derive(secret.encode())

    return _Derived(key(b"identity"), key(b"echo"), key(b"purposes"), AESGCM(key(b"encryption")))


class Keys:
    """Codes for people, and sealed texts, from one secret and, while it is being changed, the one before."""

    def __init__(self, secret: str, previous: str = "") -> None:
        """Raises WeakSecret."""
        self._now = _derive(secret)
        self._before = _derive(previous) if previous and previous != secret else None

    def person_of(self, external_user_id: str, number: str) -> Person:
        """Who wrote, from the two addresses a webhook may carry, as they came; either may be "".

        A user id that stands in the place of the number (the number was withheld) counts as the user id.
        """
        user, number = normal_address(external_user_id), normal_address(number)
        if is_user_id(number):
            user, number = user or number, ""
        before = self._before
        return Person(
            user=_person_code(self._now, b"user", user),
            number=_person_code(self._now, b"number", number),
            user_before=_person_code(before, b"user", user) if before else "",
            number_before=_person_code(before, b"number", number) if before else "",
        )

    def echo(self, person: Person, text: str) -> int:
        """A 16-bit digest of a text by a person: tells that the same words came again, not which words."""
        plain = " ".join(text.casefold().split())
        return int.from_bytes(hmac.digest(self._now.echo, _bytes(f"{person.key}\0{plain}"), hashlib.sha256)[:2])

    def question(self, entry: str) -> tuple[str, ...]:
        """The codes under which an entry of the editors' list may stand: that of this secret, then of the one before."""
        derived = (self._now, self._before) if self._before else (self._now,)
        return tuple(_person_code(each, b"question", entry) for each in derived)

    def staff(self, kind: str, what: str) -> tuple[str, ...]:
        """The codes of something of our own people, an e-mail address say: that of this secret, then of the one before."""
        derived = (self._now, self._before) if self._before else (self._now,)
        return tuple(_person_code(each, f"staff-{kind}".encode(), what) for each in derived)

    def derived(self, purpose: str) -> tuple[bytes, ...]:
        """A key of 32 bytes for one purpose: of this secret, then of the one before. It tells nothing of the others."""
        roots = [each.purposes for each in (self._now, self._before) if each]
        return tuple(hmac.digest(root, purpose.encode(), hashlib.sha256) for root in roots)

    def seal(self, text: str, about: str) -> bytes:
        """Encrypt a text. It opens only with the same `about`, so one record cannot be put in another's place."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._now.sealing.encrypt(nonce, _bytes(text), _bytes(about))

    def open(self, sealed: bytes, about: str) -> str:
        """Decrypt a text, sealed with this secret or the previous one. Raises Unopened."""
        nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        for derived in (self._now, self._before):
            if derived is None:
                continue
            try:
                return derived.sealing.decrypt(nonce, rest, _bytes(about)).decode("utf-8", "surrogatepass")
            except (InvalidTag, ValueError):
                continue
        raise Unopened(f"a sealed text of {len(sealed)} bytes about {about.partition(':')[0]!r}")


def _person_code(derived: _Derived, kind: bytes, address: str) -> str:
    if not address:
        return ""
    digest = hmac.digest(derived.identity, kind + b"\0" + _bytes(address), hashlib.sha256)[:_PERSON_BYTES]
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    """Any text at all: half a surrogate pair can come in from outside, and must not become an error."""
    return text.encode("utf-8", "surrogatepass")
