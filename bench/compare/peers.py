"""The clients: how each is built and started."""

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from .rig import ROOT

BUILD = ROOT / "build/release"
ENVIRONMENT = ROOT / "build/bench-peers"
PYTHON_PACKAGES = ("bleak==3.1.0", "simplepyble==1.2.0")
PROGRAMS = ("blau-bench-bare", "blau-bench-callback", "blau-bench-coroutine")


@dataclass(frozen=True)
class Peer:
    key: str
    title: str
    command: tuple


def native() -> list[Peer]:
    """What CMake builds."""
    bare, callback, coroutine = (Peer(key, title, (BUILD / "bench/peers" / program,)) for key, title, program in zip(
        ("bare", "callback", "coroutine"), ("bare sd-bus", "Blau, callbacks", "Blau, coroutines"), PROGRAMS))
    return [bare, callback, coroutine]


def python() -> list[Peer]:
    """What pip installs."""
    here = ROOT / "bench/peers"
    return [Peer("bleak", "Bleak", (ENVIRONMENT / "bin/python", here / "bleak_client.py")),
            Peer("simpleble", "SimpleBLE", (ENVIRONMENT / "bin/python", here / "simplepyble_client.py"))]


def fake() -> Path:
    return BUILD / "tests/rigs/fake_bluez/blau-fake-bluez"


def build() -> None:
    _run("cmake", "--preset", "release", "-DBLAU_TESTS=ON", "-DBLAU_BENCH=ON")
    _run("cmake", "--build", "--preset", "release", "--target", "blau-fake-bluez", *PROGRAMS)


def has_python() -> bool:
    return (ENVIRONMENT / "installed").exists() and (ENVIRONMENT / "installed").read_text() == _wanted()


def install_python() -> None:
    """An environment of their own, kept until other versions are wanted."""
    if has_python():
        return
    _run(sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT))
    _run(str(ENVIRONMENT / "bin/pip"), "install", "--quiet", "--disable-pip-version-check", *PYTHON_PACKAGES)
    (ENVIRONMENT / "installed").write_text(_wanted())


def versions(with_python: bool) -> dict:
    """Of everything that takes part."""
    found = {"Blau": re.search(r"project\(blau VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1],
             "sd-bus (libsystemd)": _output("pkg-config", "--modversion", "libsystemd"),
             "dbus-daemon": _output("dbus-daemon", "--version").splitlines()[0].split()[-1],
             "compiler": _output("c++", "--version").splitlines()[0]}
    if with_python:
        listed = _output(str(ENVIRONMENT / "bin/pip"), "list", "--format=freeze", "--disable-pip-version-check")
        packages = dict(line.split("==") for line in listed.splitlines() if "==" in line)
        found |= {"Bleak": packages["bleak"], "dbus-fast (in Bleak)": packages["dbus-fast"],
                  "SimpleBLE (simplepyble)": packages["simplepyble"], "Python": sys.version.split()[0]}
    return found


def _wanted() -> str:
    return "\n".join((sys.version, *PYTHON_PACKAGES))


def _run(*command: str) -> None:
    ended = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if ended.returncode != 0:
        sys.exit(f"{' '.join(command)}:\n{ended.stdout[-3000:]}")


def _output(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
