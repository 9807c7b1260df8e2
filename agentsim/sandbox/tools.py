"""What the sandbox is made of on this machine: bubblewrap, and an interpreter that may be shown to strangers' code."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agentsim.sandbox.program import programs

LEAST = (3, 11)
"""Oldest Python whose verdict on code counts: an older one would fail what is right."""

_ASK = """
import json, marshal, os, sys, sysconfig
compiled = {
    name: marshal.dumps([(module, compile(text, module, "exec")) for module, text in modules]).hex()
    for name, modules in json.load(sys.stdin).items()
}
print(json.dumps([os.path.realpath(sys.executable), sysconfig.get_path("stdlib"), sys.version_info[:3], compiled]))
"""
"""Compiling takes longer than all the rest of a run, and only the interpreter itself can do it."""


@dataclass(frozen=True)
class Unavailable:
    """Why no code can be executed here."""

    why: str
    """The reason, a clause."""

    fix: str
    """What the user can do."""

    def __str__(self) -> str:
        return f"{self.why} ({self.fix})"


@dataclass(frozen=True)
class Tools:
    """Where things are."""

    bwrap: str
    """Path of bubblewrap."""

    python: str
    """Path of the interpreter, below ``/usr``."""

    library: str
    """Folder of its standard library."""

    version: str
    """Version of the interpreter, e.g. ``3.11.2``."""

    programs: Mapping[str, bytes]
    """What it can run, compiled, by name."""

    def mounts(self) -> list[str]:
        """Return bubblewrap's arguments for all that is to be seen: the interpreter, its standard library, shared
        libraries, time zones, two devices and an empty ``/tmp``; nothing of it but ``/tmp`` can be written to.

        Packages that are installed beside the standard library are hidden.
        """
        arguments = []
        for place in ("/usr/lib", "/usr/lib64", "/lib", "/lib64"):
            if Path(place).is_symlink():
                arguments += ["--symlink", str(Path(place).readlink()), place]
            elif Path(place).is_dir():
                arguments += ["--ro-bind", place, place]
        library = Path(self.library)
        if not library.is_relative_to("/usr/lib") and not library.is_relative_to("/usr/lib64"):
            for shown in (library, *sorted(library.parent.glob("libpython3*.so*"))):
                arguments += ["--ro-bind", str(shown), str(shown)]
        for packages in (library / "site-packages", library / "dist-packages", Path("/usr/lib/python3/dist-packages")):
            if packages.is_dir():
                arguments += ["--tmpfs", str(packages), "--remount-ro", str(packages)]
        for needed in (self.python, "/usr/share/zoneinfo", "/etc/ld.so.cache"):
            arguments += ["--ro-bind-try", needed, needed]
        for device in ("/dev/null", "/dev/urandom"):
            arguments += ["--dev-bind", device, device]
        return arguments


def find_tools() -> Tools | Unavailable:
    """Return what is installed. Whether it works is another question: `agentsim.sandbox.probing.probe`.

    Only interpreters below ``/usr`` are taken: one in somebody's home could not be shown without showing a way into
    that home, and is closed to the ordinary user that root becomes.
    """
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        return Unavailable("bubblewrap is not installed", "apt install bubblewrap")
    found = []
    own = Path(sys.base_prefix, "bin", f"python{sys.version_info[0]}.{sys.version_info[1]}")
    for python in (own, Path("/usr/bin/python3"), Path("/usr/local/bin/python3")):
        if not python.is_relative_to("/usr") or not os.access(python, os.X_OK):
            continue
        try:
            told = subprocess.run(  # noqa: S603 - a path of the system's, a text of ours
                [str(python), "-I", "-S", "-c", _ASK],
                input=json.dumps(programs()).encode(),
                env={},
                capture_output=True,
                timeout=30,
                check=True,
            ).stdout
            path, library, version, compiled = json.loads(told)
        except (OSError, subprocess.SubprocessError, ValueError):
            continue
        if tuple(version) >= LEAST and Path(path).is_relative_to("/usr"):
            code = {name: bytes.fromhex(text) for name, text in compiled.items()}
            return Tools(os.path.realpath(bwrap), path, library, ".".join(map(str, version)), code)
        found.append(f"{python} is {'.'.join(map(str, version))}")
    needed = ".".join(map(str, LEAST))
    return Unavailable(f"there is no Python {needed} or newer below /usr", "; ".join(found) or "apt install python3")
