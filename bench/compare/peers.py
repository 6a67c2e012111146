"""The clients: how each is built and started."""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from .rig import ROOT

BUILD = ROOT / "build/release"
ENVIRONMENT = ROOT / "build/bench-peers"
PYTHON_PACKAGES = ("bleak==3.1.0", "simplepyble==1.2.0")
BTLEPLUG = ROOT / "bench/peers/btleplug_client"
BTLEPLUG_BUILD = ROOT / "build/bench-btleplug"
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


def rust() -> list[Peer]:
    """What Cargo builds."""
    return [Peer("btleplug", "btleplug", (BTLEPLUG_BUILD / "release/blau-bench-btleplug",))]


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


def has_rust() -> bool:
    return (BTLEPLUG_BUILD / "release/blau-bench-btleplug").exists()


def build_rust() -> None:
    """Only where there is a Rust compiler, and what its D-Bus library is made with."""
    if not shutil.which("cargo") or subprocess.run(("pkg-config", "--exists", "dbus-1")).returncode != 0:
        print("btleplug is left out: it needs cargo and libdbus-1-dev", file=sys.stderr)
        return
    _run("cargo", "build", "--quiet", "--release", "--locked", "--manifest-path", str(BTLEPLUG / "Cargo.toml"),
         "--target-dir", str(BTLEPLUG_BUILD))


def versions(with_python: bool, with_rust: bool) -> dict:
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
    if with_rust:
        found |= {"btleplug": re.search(r'name = "btleplug"\nversion = "([^"]+)"', (BTLEPLUG / "Cargo.lock").read_text())[1]}
    return found


def _wanted() -> str:
    return "\n".join((sys.version, *PYTHON_PACKAGES))


def _run(*command: str) -> None:
    ended = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if ended.returncode != 0:
        sys.exit(f"{' '.join(command)}:\n{ended.stdout[-3000:]}")


def _output(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
