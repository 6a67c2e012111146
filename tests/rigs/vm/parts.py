"""What the virtual machine is made of: kernel, initramfs, root and Python, each an entry of the cache.

Nothing is installed on this machine: the kernel is only unpacked, the root is a Debian of its own, made by mmdebstrap.
"""

import lzma
import os
import shutil
import subprocess
import sys
from pathlib import Path
from shlex import quote

from cache import Cache, CacheError, call, key_of, say

HERE = Path(__file__).resolve().parent
REQUIREMENTS = HERE / "requirements.txt"

# Python of each suite; packages are chosen for it without running it, so that this machine's own may be another.
PYTHON_OF_SUITE = {"bookworm": "3.11", "trixie": "3.13"}

ROOT_PACKAGES = (
    "bluez", "bluez-test-tools", "dbus", "python3",
    # What a test program that was built on this machine may be linked to.
    "libstdc++6", "libsystemd0", "libasan8", "libubsan1",
)

# Loaded before anything else runs, in this order after what each depends on. The guest's root holds no modules: these
# are all there are, so what bluetoothd and the kernel would load on demand stands here as well.
MODULES = (
    "virtio_pci", "virtio_console", "9pnet_virtio", "9p", "overlay",
    # The random numbers that P-256 makes its keys from: without them its self-test fails, and with it all pairing.
    "sha512_generic", "ctr", "drbg",
    "hci_vhci", "uhid",
    # Security Manager: AES-CMAC and P-256, by name from the kernel, and by AF_ALG from bluetoothd.
    "ecb", "cmac", "algif_hash", "algif_skcipher",
)


def python(cache: Cache) -> Path:
    """A virtual environment with what the rig's Python needs; its interpreter."""
    def make(folder: Path) -> None:
        say("making the Python environment")
        call([interpreter, "-m", "venv", folder])
        call([folder / "bin/python", "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", REQUIREMENTS])

    interpreter = _python_with_venv()
    version = call([interpreter, "-V"]).strip()
    return cache.entry("python", key_of(interpreter, version, REQUIREMENTS), make) / "bin/python"


def _python_with_venv() -> str:
    """A python3 that can make environments: a system's own may lack ensurepip, one from elsewhere brings it."""
    candidates = dict.fromkeys(("/usr/bin/python3", shutil.which("python3") or "", sys.executable))
    for candidate in filter(os.path.exists, candidates):
        try:
            call([candidate, "-c", "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))"])
            return candidate
        except CacheError:
            continue
    raise CacheError("no Python of version 3.11 or newer that has venv: run scripts/bootstrap --all")


def kernel(cache: Cache, suite: str) -> Path:
    """The kernel of that Debian: `vmlinuz`, and in `modules/` what the guest loads, with its `order`."""
    def make(folder: Path) -> None:
        say(f"fetching the kernel of {suite}")
        work = folder / "work"
        _unpack_kernel(suite, work)
        release = next((work / "lib/modules").iterdir()).name
        shutil.copy(work / f"boot/vmlinuz-{release}", folder / "vmlinuz")
        call(["depmod", "-b", work, release])
        _pick_modules(work, release, folder / "modules")
        (folder / "release").write_text(release + "\n")
        # Without root's rights the files are another user's.
        shutil.rmtree(work, ignore_errors=True)

    return cache.entry(f"kernel-{suite}", key_of(suite, "linux-image-amd64", MODULES), make)


def _unpack_kernel(suite: str, target: Path) -> None:
    """Nothing of it is run. The cloud flavour has no Bluetooth."""
    call(["mmdebstrap", "--quiet", "--variant=extract", "--include=linux-image-amd64",
          "--dpkgopt=path-exclude=/usr/share/*", suite, target])
    if not (target / "lib").exists():
        (target / "lib").symlink_to("usr/lib")


def _pick_modules(root: Path, release: str, target: Path) -> None:
    target.mkdir()
    order = []
    for module in MODULES:
        for line in call(["modprobe", "-d", root, "-S", release, "--show-depends", module]).splitlines():
            kind, _, path = line.partition(" ")
            source = Path(path.split()[0]) if kind == "insmod" else None
            if source is None or source in order:
                continue
            order.append(source)
            data = source.read_bytes()
            name = source.name.removesuffix(".xz")
            (target / name).write_bytes(lzma.decompress(data) if source.suffix == ".xz" else data)
    names = [path.name.removesuffix(".xz") for path in order]
    (target / "order").write_text("\n".join(names) + "\n")


def initramfs(cache: Cache, kernel_folder: Path) -> Path:
    """The archive that the kernel starts from: busybox, the modules and `init`."""
    def make(folder: Path) -> None:
        tree = folder / "tree"
        (tree / "bin").mkdir(parents=True)
        shutil.copy(_static_busybox(), tree / "bin/busybox")
        shutil.copytree(kernel_folder / "modules", tree / "modules")
        shutil.copy(HERE / "init", tree / "init")
        (tree / "init").chmod(0o755)
        names = "\n".join(str(path.relative_to(tree)) for path in sorted(tree.rglob("*")))
        archive = folder / "initramfs"
        with open(archive, "wb") as output:
            _cpio(tree, names, output)
        shutil.rmtree(tree)

    busybox_key = key_of(_static_busybox())
    return cache.entry("initramfs", key_of(kernel_folder.name, HERE / "init", busybox_key), make) / "initramfs"


def _static_busybox() -> Path:
    return Path(shutil.which("busybox") or "/bin/busybox")


def _cpio(tree: Path, names: str, output) -> None:
    done = subprocess.run(["cpio", "-o", "-H", "newc", "-R", "0:0", "--quiet"], input=names.encode(), cwd=tree,
                          stdout=output, stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise CacheError(f"cpio failed: {done.stderr.decode(errors='replace')}")


def root(cache: Cache, suite: str) -> Path:
    """A small Debian with bluetoothd, dbus-daemon and Python with Bumble."""
    if suite not in PYTHON_OF_SUITE:
        raise CacheError(f"no root for suite {suite!r}; there are {', '.join(PYTHON_OF_SUITE)}")
    interpreter = python(cache)
    hook = HERE / "root-hook"

    def make(folder: Path) -> None:
        say(f"making the root of {suite}")
        # mmdebstrap runs the line in a shell, with the folder of the root as $1.
        hook_call = f'{quote(str(hook))} "$1" {quote(str(interpreter))} {PYTHON_OF_SUITE[suite]} {quote(str(REQUIREMENTS))}'
        call(["mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(ROOT_PACKAGES)}",
              "--dpkgopt=path-exclude=/usr/share/man/*", "--dpkgopt=path-exclude=/usr/share/locale/*",
              "--dpkgopt=path-exclude=/usr/share/doc/*",
              f"--customize-hook={hook_call}",
              suite, folder / "root"])

    key = key_of(suite, ROOT_PACKAGES, PYTHON_OF_SUITE[suite], REQUIREMENTS, hook)
    return cache.entry(f"root-{suite}", key, make) / "root"
