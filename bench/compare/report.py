"""docs/performance.md: written from the data of a run, and from bench/peers/notes.md."""

import json
from pathlib import Path

from . import picture, table
from .rig import ROOT

DOCS = ROOT / "docs"
DATA = DOCS / "performance.json"

TEXT = """# What Blau costs

Written by `bench/run`; the data are in [performance.json](performance.json), and `bench/run --report` writes this page
from them anew. [bench/peers](../bench/peers/README.md) tells what each program does and what is measured.

{date}, {machine}. {versions}. Each figure is the median of {repetitions} runs.

Every program does the same on the same fake bluetoothd (`tests/rigs/fake_bluez/`), each in a process of its own. What is
counted is that process's CPU time, user and system, once it is under way: neither bluetoothd nor the bus.
*bare sd-bus* is the least that a program without a library would do, and so the limit. *signals* and *socket* are the two
ways that notifications take from bluetoothd to a program: StartNotify and AcquireNotify.

![CPU time](performance.svg)

## CPU time

In µs for one; in the line *idle*, for a second. The last two columns hold Blau's ratio with callbacks – with coroutines:
the median of the ratios of runs that came one directly after the other, and so not quite that of the columns.
The goals are 1.2 times the bare program, and a tenth of Bleak, at most.

{ratios}

{refusals}

## Signals or socket

How many times the CPU time by socket a notification by signal takes.

{paths}

## Wake-ups

How often the process woke up for one; in the line *idle*, in a second.

{wakeups}

## Lost values

{losses}

## Latency

Of notifications, in µs: median / 99 % / longest of a run. From the moment when the fake's peripheral sends the value to the
program's own function.

{latencies}
"""


def save(data: dict) -> None:
    """A line for each workload and client, so that differences can be read."""
    def text(value: object) -> str:
        return json.dumps(value, ensure_ascii=False)

    def lines(members: dict, one) -> str:
        return "{\n" + ",\n".join(f"{text(name)}: {one(value)}" for name, value in members.items()) + "\n}"

    results = lines(data["results"], lambda peers: lines(peers, text))
    head = {name: value for name, value in data.items() if name != "results"}
    DATA.write_text(lines(head, text)[:-2] + f',\n"results": {results}\n}}\n')


def load() -> table.Results:
    return table.Results(json.loads(DATA.read_text()))


def write(results: table.Results) -> None:
    """The page and its picture."""
    data = results.data
    refusals = table.refusals(results)
    text = TEXT.format(
        date=data["date"], machine=data["machine"], repetitions=data["repetitions"],
        versions=", ".join(f"{name} {version}" for name, version in data["versions"].items()),
        ratios=table.ratios(results), paths=table.paths(results), wakeups=table.wakeups(results),
        losses=table.losses(results), latencies=table.latencies(results),
        refusals=f"What cannot be done, and why:\n\n{refusals}" if refusals else "Every program can do everything.")
    notes = (ROOT / "bench/peers/notes.md").read_text()
    (DOCS / "performance.md").write_text(f"{text}\n{notes}")
    (DOCS / "performance.svg").write_text(picture.draw(results))
