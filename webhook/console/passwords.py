"""Passwords: argon2id with the library's own parameters, made anew when those become stronger."""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_CHARACTERS = 12
MAX_CHARACTERS = 200
"""Longer ones would only cost time."""

_HASHER = PasswordHasher()


def hashed(password: str) -> str:
    """What is kept in place of a password."""
    return _HASHER.hash(_bytes(password))


def is_right(password_hash: str, password: str) -> bool:
    """Whether a password is that of the hash. Takes as long without a hash as with one."""
    try:
        found = _HASHER.verify(password_hash or _nobodys(), _bytes(password[:MAX_CHARACTERS]))
    except (VerificationError, InvalidHashError):
        return False
    return found and bool(password_hash)


def is_outdated(password_hash: str) -> bool:
    """Whether the hash was made with other parameters than we use now."""
    return _HASHER.check_needs_rehash(password_hash)


def fault_of_password(password: str, *known: str) -> str:
    """Why a new password is not taken: "short", "long", "plain" or "" for none. `known` are words that it must not be."""
    if len(password) < MIN_CHARACTERS:
        return "short"
    if len(password) > MAX_CHARACTERS:
        return "long"
    plain = password.casefold()
    if len(set(plain)) < 5 or any(word and word.casefold() in plain for word in known):
        return "plain"
    return ""


@cache
def _nobodys() -> str:
    """A hash that no password has, to spend the same time on."""
    return _HASHER.hash(b"\0nobody")


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")
