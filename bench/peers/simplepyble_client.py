"""SimpleBLE, by its Python binding: the library itself is native, the callbacks are Python."""

import sys
import threading

import simplepyble

from measured import Arguments, Measurement, Repetitions, Values, refuse, say_ready


def adapter() -> simplepyble.Adapter:
    return simplepyble.Adapter.get_adapters()[0]


def connected(arguments: Arguments) -> tuple[simplepyble.Peripheral, str, str]:
    """The peripheral `address`, and where its characteristic `uuid` is."""
    scanner = adapter()
    scanner.scan_for(500)
    wanted = arguments.text("address").lower()
    for peripheral in scanner.scan_get_results():
        if peripheral.address().lower() != wanted:
            continue
        peripheral.connect()
        for service in peripheral.services():
            for characteristic in service.characteristics():
                if characteristic.uuid() == arguments.text("uuid"):
                    return peripheral, service.uuid(), characteristic.uuid()
    refuse("the characteristic was not found")


def notify(arguments: Arguments) -> None:
    if arguments.text("path") != "signals":
        refuse("knows only StartNotify")
    peripheral, service, characteristic = connected(arguments)
    values = Values(arguments)
    done = threading.Event()

    def on_value(value: bytes) -> None:
        if values.take(value):
            done.set()

    peripheral.notify(service, characteristic, on_value)
    say_ready()
    done.wait()
    values.print()


def read(arguments: Arguments) -> None:
    peripheral, service, characteristic = connected(arguments)
    repetitions = Repetitions(arguments)
    while repetitions.next():
        peripheral.read(service, characteristic)
    repetitions.print()


def write(arguments: Arguments) -> None:
    peripheral, service, characteristic = connected(arguments)
    send = peripheral.write_request if arguments.workload == "write" else peripheral.write_command
    payload = bytes([0x5A] * 20)
    repetitions = Repetitions(arguments)
    while repetitions.next():
        send(service, characteristic, payload)
    repetitions.print()


def advertise(arguments: Arguments) -> None:
    repetitions = Repetitions(arguments)
    done = threading.Event()
    seen = 0

    def on_sighting(_peripheral: simplepyble.Peripheral) -> None:
        nonlocal seen
        seen += 1
        if not repetitions.next():
            done.set()

    scanner = adapter()
    scanner.set_callback_on_scan_found(on_sighting)
    scanner.set_callback_on_scan_updated(on_sighting)
    scanner.scan_start()
    say_ready()
    if not done.wait(timeout=15):
        refuse(f"told of {seen} advertisements in 15 s: it does not ask BlueZ for those that tell nothing new")
    repetitions.print()


def connect(arguments: Arguments) -> None:
    scanner = adapter()
    scanner.scan_for(1000)
    devices = scanner.scan_get_results()
    if len(devices) != arguments.number("devices"):
        refuse(f"saw {len(devices)} devices")
    measurement = Measurement()
    for number, device in enumerate(devices):
        measured = number >= arguments.number("warm")
        if measured:
            measurement.begin()
        device.connect()
        found = sum(len(service.characteristics()) for service in device.services())
        if measured:
            measurement.end()
            measurement.count += 1
        if found < 100:
            refuse(f"found {found} characteristics")
    measurement.print()


if __name__ == "__main__":
    asked = Arguments(sys.argv)
    workloads = {"notify": notify, "read": read, "write": write, "write_command": write, "advertise": advertise,
                 "connect": connect}
    workloads[asked.workload](asked)
