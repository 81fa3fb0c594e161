"""Looks whether an installation is set up as it must be, before people find out that it is not."""
