"""Repeatable measurements: how fast the running server answers, next to the least that any such server has to do.

Run by `python -m bench`; `docs/benchmarks.md` says what is measured and how to read it. Nothing here is part of the
program, and nothing here is ever asserted: a slow machine is not a fault.
"""
