"""Serves the actions of the small world, and a partner's, on a port of this machine. Run as a child process by tests."""

import sys

from tests.action_world import world
from webhook.action_server import serve

if __name__ == "__main__":
    catalogue = world()
    serve("127.0.0.1", int(sys.argv[1]), lambda: catalogue, ["tests.partner_actions"])
