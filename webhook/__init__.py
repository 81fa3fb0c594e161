"""Touches the world: Twilio in and out, Redis, the web pages and the command line."""
