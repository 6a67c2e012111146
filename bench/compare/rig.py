"""A bluetoothd, the fake one on a bus of its own or that of a virtual machine, and a client process on it."""

import json
import os
import select
import socket
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Failure(Exception):
    """A client that could not do its work; the text says why."""


class Rig:
    """Something with a control socket: `with …Rig(…) as rig:`"""

    bus: str | None = None  # None: the system's own
    control: str
    daemons: tuple[int, ...] = ()  # processes whose time is told as well

    def ask(self, timeout: float = 60, **request) -> dict:
        """One command of the control socket."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(timeout)
            connection.connect(self.control)
            connection.sendall(json.dumps(request).encode() + b"\n")
            reply = json.loads(connection.makefile().readline())
        if not reply["ok"]:
            raise RuntimeError(reply["error"])
        return reply


class FakeRig(Rig):
    """A fake bluetoothd of its own."""

    def __init__(self, world: Path, fake: Path) -> None:
        # The command tells where bus and control socket are, and lives until its input ends.
        command = [ROOT / "tests/rigs/fake_bluez/run", "--program", fake, "--world", world, "--",
                   "sh", "-c", 'echo "$DBUS_SYSTEM_BUS_ADDRESS"; echo "$BLAU_RIG_CONTROL"; cat']
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.bus = self._process.stdout.readline().strip()
        self.control = self._process.stdout.readline().strip()
        if not self.control:
            raise RuntimeError("the fake bluetoothd did not start")

    def __enter__(self) -> Rig:
        return self

    def __exit__(self, *_) -> None:
        self._process.stdin.close()
        if self._process.wait(timeout=30) != 0:
            raise RuntimeError("the fake bluetoothd did not end well")


class ClientProcess:
    """One run of a client: `with ClientProcess(rig, command) as client:`"""

    def __init__(self, rig: Rig, command: list) -> None:
        environment = os.environ | ({"DBUS_SYSTEM_BUS_ADDRESS": rig.bus} if rig.bus else {})
        environment.pop("BLAU_BACKEND", None)
        self._process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self._text = b""

    def __enter__(self) -> "ClientProcess":
        return self

    def __exit__(self, *_) -> None:
        self._process.kill()
        self._process.communicate()

    @property
    def pid(self) -> int:
        return self._process.pid

    def line(self, seconds: float) -> str | None:
        """The next line, or None if it takes longer.

        Raises Failure if none will come.
        """
        end = time.monotonic() + seconds
        while b"\n" not in self._text:
            ready, _, _ = select.select([self._process.stdout], [], [], max(0, end - time.monotonic()))
            if not ready:
                return None
            part = os.read(self._process.stdout.fileno(), 65536)
            if not part:
                raise Failure(self._reason())
            self._text += part
        line, self._text = self._text.split(b"\n", 1)
        return line.decode()

    def await_ready(self) -> None:
        if self.line(30) != "ready":
            raise Failure("was not ready within 30 s")

    def result(self, seconds: float) -> dict:
        line = self.line(seconds)
        if line is None:
            raise Failure(f"did not end within {seconds:.0f} s")
        return json.loads(line)

    def _reason(self) -> str:
        self._process.wait(timeout=10)
        words = self._process.stderr.read().decode(errors="replace").strip().splitlines()
        return words[-1] if words else f"ended with status {self._process.returncode}"


def cost_of(pid: int) -> tuple[int, int]:
    """Nanoseconds of CPU and wake-ups of a process so far, seen from outside."""
    cpu = wakeups = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        cpu += int((task / "schedstat").read_text().split()[0])
        for line in (task / "status").read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches:"):
                wakeups += int(line.split()[1])
    return cpu, wakeups
