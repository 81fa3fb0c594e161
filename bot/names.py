"""Names for the weak types that stand for things."""

Language = str
"""A key of `content/languages.yaml`: "en", "es" …"""

NodeId = str
"""The id of an answer, menu or question's node: the name of its file."""
