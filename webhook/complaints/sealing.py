"""Seals a complaint so that only the focal point can open it, with the key that is nowhere on the server.

The format is age (https://age-encryption.org/v1): the focal point can open a file with this program, or with any other
that knows age. What is sealed is padded, so that the size of a file does not tell how much somebody wrote.

    ComplaintFault
    ├── NotSealed     no such recipient, or the cipher refused
    └── NotOpened     another key, or a file that is broken or none of ours
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

import pyrage

PADDED_TO = 2048


class ComplaintFault(Exception):
    """A complaint that could not be sealed or opened. Its message never holds a word of it."""


class NotSealed(ComplaintFault):
    """Nothing was written."""


class NotOpened(ComplaintFault):
    """Nothing can be shown."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """What the focal point reads. `at` is ISO 8601 in UTC, `address` "" unless the person wants an answer there."""

    reference: str
    at: str
    language: str
    channel: str
    text: str = field(repr=False)
    address: str = field(default="", repr=False)
    danger: str = ""


def seal(complaint: Complaint, recipient: str) -> bytes:
    """A complaint that only the owner of the recipient's secret key can open. Raises NotSealed."""
    plain = json.dumps(asdict(complaint), ensure_ascii=False).encode("utf-8", "replace")
    plain += b" " * (-len(plain) % PADDED_TO)
    try:
        return bytes(pyrage.encrypt(plain, [pyrage.x25519.Recipient.from_str(recipient)]))
    except (pyrage.RecipientError, pyrage.EncryptError) as error:
        raise NotSealed("the focal point's public key cannot be used") from error


def unseal(sealed: bytes, secret: str) -> Complaint:
    """Open a complaint with the focal point's secret key. Raises NotOpened."""
    try:
        plain = pyrage.decrypt(sealed, [pyrage.x25519.Identity.from_str(secret)])
        return Complaint(**json.loads(plain))
    except pyrage.IdentityError as error:
        raise NotOpened("that is no secret key of age") from error
    except pyrage.DecryptError as error:
        raise NotOpened("this key does not open it, or the file is broken") from error
    except (ValueError, TypeError) as error:
        raise NotOpened("what is in it is no complaint of ours") from error


def new_key() -> tuple[str, str]:
    """A new pair of keys for a focal point: the secret one, and the public one that the server gets."""
    identity = pyrage.x25519.Identity.generate()
    return str(identity), str(identity.to_public())


def can_seal(recipient: str) -> bool:
    """Whether a public key is one, to its last character."""
    try:
        pyrage.x25519.Recipient.from_str(recipient)
    except pyrage.RecipientError:
        return False
    return True
