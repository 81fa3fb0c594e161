"""How links, telephone numbers and numbers look in a text."""

import re

LINK = re.compile(
    r"https?://[^\s)]+|\bwww\.[^\s)]+|\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:gob\.mx|gov\.bz|org|com|int)\b[^\s)]*"
)
PHONE = re.compile(r"(?<![\w$.,/-])\+?\(?\d(?:(?:[\s.-]|\)\s?|\s\(|\s-\s)?\d){6,14}(?![\w/-])")
"""Seven digits or more, with at most one sign between two of them: "2019. 560 pesos" is no telephone."""
NUMBER = re.compile(r"\d+(?:[.,]\d{3})*(?:[.,]\d+)?")
