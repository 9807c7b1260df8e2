"""Whether code can be executed on this machine."""

import os
import subprocess
import sys
from functools import cache

from agentsim.sandbox.box import Box
from agentsim.sandbox.syscalls import known_machine
from agentsim.sandbox.tools import Tools, Unavailable, find_tools

_PATIENCE = 20.0
"""Seconds after which a sandbox that should print a word is given up."""


@cache
def probe() -> Tools | Unavailable:
    """Return what code is executed with here, or why none is. It is tried once in each process, in about 50 ms."""
    if sys.platform != "linux":
        return Unavailable("code is executed on Linux only", "run agentsim on Linux, or in a virtual machine with it")
    if not known_machine():
        return Unavailable("code is executed on x86-64 and 64-bit ARM only", "run agentsim on such a machine")
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError as refused:
        return Unavailable(f"processes cannot be watched here: {refused.strerror}", "Linux 5.3 or newer is needed")
    tools = find_tools()
    if isinstance(tools, Unavailable):
        return tools
    try:
        with Box(tools, "run", "print('here')", seconds=_PATIENCE) as box:
            box.wait(_PATIENCE)
            out, error = (stream.decode(errors="replace").strip() for stream in box.output())
    except subprocess.TimeoutExpired:
        return Unavailable("bubblewrap does not come to an end", "look what `bwrap --unshare-all true` says")
    except OSError as refused:
        what = "root cannot become an ordinary user here" if os.geteuid() == 0 else "no process can be started"
        return Unavailable(f"{what}: {refused.strerror}", "run agentsim as an ordinary user")
    if out == "here":
        return tools
    told = (error.splitlines() or ["it said nothing"])[-1]
    if "nknown option" in told:
        return Unavailable(f"this bubblewrap is too old: {told}", "install bubblewrap 0.8 or newer")
    if "namespace" in told or "uid map" in told or "gid map" in told:
        return Unavailable(
            f"user namespaces are switched off: {told}",
            "set kernel.unprivileged_userns_clone=1, user.max_user_namespaces above 0, or on Ubuntu "
            "kernel.apparmor_restrict_unprivileged_userns=0, with sysctl; a container has to be allowed them",
        )
    return Unavailable(f"the sandbox does not work: {told}", "look what `bwrap --unshare-all true` says")
