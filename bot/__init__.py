"""Decides. Pure code: sessions, menus, questions, words, danger, rendering. It touches neither network nor clock."""
