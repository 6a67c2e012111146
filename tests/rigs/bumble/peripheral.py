#!/usr/bin/env python3
"""Plays the peripherals of a world file to the host's Bluetooth stack, by Bumble.

One process for many tests: a control socket takes commands (README.md lists them), among them the next world. When
adapters and peripherals are there and the socket listens, it writes the line "ready" to standard output; if it cannot get
there, it ends.
"""

import argparse
import asyncio
import logging
import sys
from pathlib import Path

from control import ControlServer
from rig import Rig


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--world", type=Path, metavar="FILE", help="the first world (default: one adapter, nobody near)")
    parser.add_argument("--control", type=Path, required=True, metavar="PATH", help="the control socket")
    parser.add_argument("--debug", action="store_true", help="log every packet")
    return parser.parse_args()


async def serve(options: argparse.Namespace) -> None:
    rig = Rig()
    await rig.start()
    await rig.load(options.world.read_text() if options.world else '{"blau_world": 1}', str(options.world))
    server = ControlServer(rig)
    await server.listen(options.control)
    print("ready", flush=True)
    await server.run_until_quit()


def main() -> int:
    options = arguments()
    logging.basicConfig(stream=sys.stderr, level=logging.DEBUG if options.debug else logging.WARNING,
                        format="%(relativeCreated)d %(name)s %(message)s")
    try:
        asyncio.run(serve(options))
    except Exception as error:
        logging.critical("%s: %s", type(error).__name__, error, exc_info=options.debug)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
