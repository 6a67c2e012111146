"""The control socket: one JSON object a line, a request and then its reply, in turn. Each connection is served on its own,
so that one that waits holds nobody else up."""

import asyncio
import json
import logging
from pathlib import Path

import table
import world


class Refused(Exception):
    """A command that cannot be done; the text tells why."""


class ControlServer:
    """Serves the commands of a rig (anything with `async do(request) -> dict`) on a Unix socket."""

    def __init__(self, rig):
        self._rig = rig
        self._server: asyncio.Server | None = None
        self._quit = asyncio.Event()

    async def listen(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        # A world as text is one line.
        self._server = await asyncio.start_unix_server(self._serve, path, limit=1 << 22)

    async def run_until_quit(self) -> None:
        await self._quit.wait()
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                writer.write(json.dumps(await self._answer(line)).encode() + b"\n")
                await writer.drain()
        except ConnectionError:
            # Whoever asked is gone; nothing is owed.
            return
        finally:
            writer.close()

    async def _answer(self, line: bytes) -> dict:
        try:
            request = json.loads(line)
            if not isinstance(request, dict):
                raise Refused("a request is a JSON object")
            if request.get("command") == "quit":
                self._quit.set()
                return {"ok": True}
            return {"ok": True} | await self._rig.do(request)
        except (Refused, world.WorldError, table.Fault) as error:
            return {"ok": False, "error": str(error)}
        except (json.JSONDecodeError, KeyError, ValueError, TypeError, OSError, RuntimeError) as error:
            return {"ok": False, "error": f"{type(error).__name__}: {error}"}
        except Exception as error:
            logging.exception("request %r", line)
            return {"ok": False, "error": f"{type(error).__name__}: {error}"}
