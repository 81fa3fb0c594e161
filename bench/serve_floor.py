"""Serves one of the floor apps exactly as `ventanilla web` serves ours: the same server, settings and embedded store."""

import argparse
import os


def main() -> None:
    """Serve until told to stop."""
    from webhook.commands.serving import store_for
    from webhook.server import serve
    from webhook.settings import read_settings

    parser = argparse.ArgumentParser()
    parser.add_argument("app", choices=("floor", "lean"))
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--workers", type=int)
    arguments = parser.parse_args()
    with store_for(read_settings(os.environ)) as ready:
        serve(ready, port=arguments.port, workers=arguments.workers, app=f"bench.floor:{arguments.app}")


if __name__ == "__main__":
    main()
