"""What is measured, and how a client is taken through it."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import world
from .rig import ClientProcess, Failure, Rig, cost_of

FIRST_VALUE = 0xFFFFFFFE
LAST_VALUE = 0xFFFFFFFF
PATHS = ("signals", "socket")


@dataclass(frozen=True)
class Scale:
    """How long each workload lasts."""
    seconds: float = 2
    flat_out: int = 20000
    requests: int = 2000
    advertisements: int = 4000
    devices: int = 12
    idle_seconds: float = 3


QUICK = Scale(seconds=1, flat_out=5000, requests=300, advertisements=500, devices=4, idle_seconds=1)


@dataclass(frozen=True)
class Workload:
    """One line of the table; `path` is that of notifications, and empty for all else."""
    kind: str
    path: str = ""
    size: int = 0
    rate: int = 0

    @property
    def key(self) -> str:
        parts = [self.kind, self.path]
        if self.kind == "notify":
            parts += [str(self.size), str(self.rate)]
        return "-".join(part for part in parts if part)


def all_of(quick: bool) -> list[Workload]:
    sizes, rates = ((20,), (2016, 0)) if quick else ((20, 244), (100, 500, 2016, 0))
    notifications = [Workload("notify", path, size, rate) for size in sizes for rate in rates for path in PATHS]
    others = [Workload(kind) for kind in ("read", "write", "write_command", "advertise", "connect")]
    return notifications + others + [Workload("idle", path) for path in PATHS]


class Runner:
    """Runs clients, each on a rig that `make_rig` makes of a world file."""

    def __init__(self, make_rig: Callable[[Path], Rig], folder: Path, scale: Scale) -> None:
        self._rig = make_rig
        self._scale = scale
        # Values come at once. Answers do not, as on a radio: they never find the client still awake.
        self._values = world.write(world.values(latency_ms=0), folder / "values.json")
        self._requests = world.write(world.values(latency_ms=1), folder / "requests.json")
        self._nobody = world.write(world.nobody(), folder / "nobody.json")
        self._large = world.write(world.large(scale.devices), folder / "large.json")

    def run(self, command: list, workload: Workload) -> dict:
        """What the client measured, or what was measured of it. Raises Failure."""
        do = {"notify": self._notify, "idle": self._idle, "advertise": self._advertise, "connect": self._connect}
        return do.get(workload.kind, self._request)(command, workload)

    def _listening(self, workload: Workload, count: int) -> list:
        stamped = int(workload.kind == "notify" and workload.rate > 0)
        return ["notify", f"address={world.ADDRESS}", f"uuid={world.NOTIFIES}", f"path={workload.path}",
                f"count={count}", f"stamped={stamped}"]

    def _notify(self, command: list, workload: Workload) -> dict:
        rate, scale = workload.rate, self._scale
        count = int(rate * scale.seconds) or scale.flat_out
        with self._rig(self._values) as rig, ClientProcess(rig, command + self._listening(workload, count)) as client:
            client.await_ready()
            stream = {"command": "stream", "address": world.ADDRESS, "uuid": world.NOTIFIES, "size": workload.size}
            rig.ask(**stream, count=rate // 2 or scale.flat_out // 10, rate=rate)
            mark = {"count": 1, "rate": 1000}
            rig.ask(**stream, **mark, first=FIRST_VALUE)
            before = sum(cost_of(pid)[0] for pid in rig.daemons)
            sent = rig.ask(**stream, count=count, rate=rate, stamp=rate > 0, timeout=120)
            daemons_us = (sum(cost_of(pid)[0] for pid in rig.daemons) - before) / 1000
            # It may be lost itself, where there is no room.
            for _ in range(100):
                rig.ask(**stream, **mark, first=LAST_VALUE)
                line = client.line(0.2)
                if line is not None:
                    break
            else:
                raise Failure("did not take the last value within 20 s")
        result = json.loads(line)
        result |= {"sent": count, "lost": count - result["count"], "sending_s": sent["seconds"]}
        return result | ({"daemons_us": daemons_us} if rig.daemons else {})

    def _idle(self, command: list, workload: Workload) -> dict:
        with self._rig(self._values) as rig, ClientProcess(rig, command + self._listening(workload, 0)) as client:
            client.await_ready()
            rig.ask(command="stream", address=world.ADDRESS, uuid=world.NOTIFIES, count=100, rate=500)
            time.sleep(0.5)
            cpu, wakeups = cost_of(client.pid)
            time.sleep(self._scale.idle_seconds)
            cpu_after, wakeups_after = cost_of(client.pid)
        return {"cpu_us": (cpu_after - cpu) / 1000, "wakeups": wakeups_after - wakeups,
                "count": self._scale.idle_seconds}

    def _request(self, command: list, workload: Workload) -> dict:
        uuid = world.READS if workload.kind == "read" else world.WRITES
        arguments = [workload.kind, f"address={world.ADDRESS}", f"uuid={uuid}", f"warm={self._scale.requests // 10}",
                     f"count={self._scale.requests}"]
        with self._rig(self._requests) as rig, ClientProcess(rig, command + arguments) as client:
            return client.result(60)

    def _advertise(self, command: list, workload: Workload) -> dict:
        count = self._scale.advertisements
        arguments = [workload.kind, f"warm={count // 2}", f"count={count}"]
        with self._rig(self._nobody) as rig, ClientProcess(rig, command + arguments) as client:
            client.await_ready()
            # Each comes up to 10 ms late (Core Vol 6 Part B 4.4.2.2): 200 ms on average, 1,000 a second.
            rig.ask(command="faults", faults=[{"fault": "crowd", "count": 200, "interval_ms": 195}])
            return client.result(60)

    def _connect(self, command: list, workload: Workload) -> dict:
        devices = self._scale.devices
        arguments = [workload.kind, f"devices={devices}", f"warm={devices // 4}"]
        with self._rig(self._large) as rig, ClientProcess(rig, command + arguments) as client:
            return client.result(60)


