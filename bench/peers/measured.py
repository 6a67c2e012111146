"""What the Python clients of the comparison share; measured.hpp is the same for those in C++, and README.md has the protocol."""

import json
import resource
import sys
import time
from dataclasses import dataclass

FIRST_VALUE = 0xFFFFFFFE
LAST_VALUE = 0xFFFFFFFF


def refuse(reason: str) -> None:
    """Ends the program: this client cannot do the workload."""
    # A line of its own, also after what a library has printed.
    sys.exit("\n" + reason)


def say_ready() -> None:
    """The rig may let the values, or the advertisements, come."""
    print("ready", flush=True)


class Arguments:
    """The workload's name, then `NAME=VALUE`."""

    def __init__(self, words: list[str]) -> None:
        self.workload = words[1]
        self._values = dict(word.split("=", 1) for word in words[2:])

    def text(self, name: str) -> str:
        return self._values[name]

    def number(self, name: str) -> int:
        return int(self._values[name])


@dataclass
class Cost:
    cpu: float
    wakeups: int
    preempted: int
    time: float

    @staticmethod
    def now() -> "Cost":
        used = resource.getrusage(resource.RUSAGE_SELF)
        return Cost(used.ru_utime + used.ru_stime, used.ru_nvcsw, used.ru_nivcsw, time.monotonic())


class Measurement:
    """The steady part of a workload."""

    def __init__(self) -> None:
        self.count = 0
        self.latencies: list[int] = []
        self._cost = Cost(0, 0, 0, 0)

    def begin(self) -> None:
        self._begin = Cost.now()

    def end(self) -> None:
        now, begin, cost = Cost.now(), self._begin, self._cost
        cost.cpu += now.cpu - begin.cpu
        cost.wakeups += now.wakeups - begin.wakeups
        cost.preempted += now.preempted - begin.preempted
        cost.time += now.time - begin.time

    def print(self) -> None:
        cost = self._cost
        result = {"cpu_us": round(cost.cpu * 1e6), "wakeups": cost.wakeups, "preempted": cost.preempted,
                  "time_us": round(cost.time * 1e6), "count": self.count}
        if self.latencies:
            self.latencies.sort()
            last = len(self.latencies) - 1
            parts = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1}
            result["latency_us"] = {name: self.latencies[int(part * last)] / 1000 for name, part in parts.items()}
        print(json.dumps(result), flush=True)


class Values:
    """The notified values: what lies between a first and a last one is measured."""

    def __init__(self, arguments: Arguments) -> None:
        self._measurement = Measurement()
        self._stamped = arguments.text("stamped") == "1"
        self._measuring = False

    def take(self, value: bytes) -> bool:
        """True if it was the last one."""
        number = int.from_bytes(value[:4], "little")
        measurement = self._measurement
        if number < FIRST_VALUE:
            if self._measuring:
                measurement.count += 1
                if self._stamped:
                    measurement.latencies.append(time.monotonic_ns() - int.from_bytes(value[4:12], "little"))
            return False
        if number == FIRST_VALUE:
            self._measuring = True
            measurement.begin()
            return False
        if not self._measuring:
            return False
        self._measuring = False
        measurement.end()
        return True

    def print(self) -> None:
        self._measurement.print()


class Repetitions:
    """Reads, writes and the like: the first ones do not count."""

    def __init__(self, arguments: Arguments) -> None:
        self._measurement = Measurement()
        self._warm = arguments.number("warm")
        self._last = self._warm + arguments.number("count")
        self._done = 0

    def next(self) -> bool:
        """Before each one; false if there were enough."""
        number = self._done
        self._done += 1
        if number == self._warm:
            self._measurement.begin()
        if number < self._last:
            return True
        if number == self._last:
            self._measurement.end()
            self._measurement.count = self._last - self._warm
        return False

    def print(self) -> None:
        self._measurement.print()
