"""Code that means harm: it sees nothing, reaches nobody, and nothing is left of it.

Each is run by root and by an ordinary user; `tests.sandbox.hostile.Runner` sees after each that no process and no
descriptor is left and that the secret in the environment of who ran it was not told.
"""

import json
import os
import select
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.sandbox.hostile import SECRET, Runner
from tests.sandbox.needs import needs_sandbox

pytestmark = needs_sandbox

ROOT = Path(__file__).resolve().parent.parent.parent


def test_it_is_nobody_and_has_no_right_and_no_way_to_more(run: Runner) -> None:
    code = """
import ctypes, json, os, resource
libc = ctypes.CDLL(None, use_errno=True)
told = {"uids": os.getresuid(), "groups": os.getgroups(), "pid": os.getpid(), "parent": os.getppid()}
told["no_new_privileges"] = libc.prctl(39, 0, 0, 0, 0)
told["seccomp"] = libc.prctl(21, 0, 0, 0, 0)
told["capabilities"] = [number for number in range(41) if libc.prctl(23, number, 0, 0, 0) == 1]
told["raised"] = []
for name in ("AS", "NPROC", "CPU", "FSIZE", "NOFILE", "CORE", "MSGQUEUE"):
    limit = getattr(resource, "RLIMIT_" + name)
    soft, hard = resource.getrlimit(limit)
    try:
        resource.setrlimit(limit, (hard + 1, hard + 1))
        told["raised"].append(name)
    except (ValueError, OSError):
        pass
for uid in (0, 1):
    try:
        os.setuid(uid)
        told["became"] = uid
    except OSError:
        pass
print(json.dumps(told))
"""
    told = json.loads(run(code)["stdout"])
    assert 0 not in told["uids"]
    assert told["groups"] in ([], [65534], [told["uids"][0]])
    assert (told["pid"], told["parent"]) == (1, 0)
    assert told["no_new_privileges"] == 1
    assert told["seccomp"] == 2
    assert told["capabilities"] == []
    assert told["raised"] == []
    assert "became" not in told


@contextmanager
def listening() -> Iterator[tuple[int, str, list[object]]]:
    """A server on this machine, by port and by a name of no file; what reaches it is kept."""
    seen: list[object] = []
    over = threading.Event()
    name = f"agentsim-{os.getpid()}"
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        socket.socket(socket.AF_UNIX) as unix,
    ):
        udp.bind(("127.0.0.1", tcp.getsockname()[1]))
        unix.bind(f"\0{name}")
        unix.listen()

        def watch() -> None:
            while not over.is_set():
                seen.extend(select.select([tcp, udp, unix], [], [], 0.05)[0])

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield tcp.getsockname()[1], name, seen
        finally:
            over.set()
            watcher.join()


def test_there_is_no_network(run: Runner) -> None:
    code = """
import os, socket
tries = {{
    "tcp": lambda: socket.create_connection(("127.0.0.1", {port}), 1),
    "tcp6": lambda: socket.socket(socket.AF_INET6).connect(("::1", {port})),
    "udp": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", {port})),
    "outside": lambda: socket.create_connection(("192.0.2.1", 80), 1),
    "name": lambda: socket.getaddrinfo("example.org", 80),
    "unix": lambda: socket.socket(socket.AF_UNIX).connect("\\0{name}"),
    "vsock": lambda: socket.socket(40, socket.SOCK_STREAM),
    "packet": lambda: socket.socket(17, socket.SOCK_RAW),
    "netlink": lambda: socket.socket(16, socket.SOCK_RAW),
    "raw": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1),
    "vsock pair": lambda: socket.socketpair(40),
}}
for name, attempt in tries.items():
    try:
        attempt()
        print("reached:", name)
    except OSError as error:
        print("refused:", name)
"""
    with listening() as (port, name, seen):
        ran = run(code.format(port=port, name=name))
        assert ran["stdout"].count("refused:") == 11, ran
        assert "reached" not in ran["stdout"]
        assert seen == []
        socket.create_connection(("127.0.0.1", port)).close()  # it does see who reaches it
        while not seen:
            time.sleep(0.01)


def test_it_sees_an_interpreter_and_nothing_of_the_machine(run: Runner) -> None:
    code = f"""
import os, sys
for place in ("/etc/shadow", "/etc/passwd", "/etc/hostname", "/proc/self/environ", "/proc/1/environ", "/usr/bin/sh",
              "/bin/sh", "/usr/local/share", "/root", "/home", "/proc", "/sys", "/run", "/var", "/boot", "/opt",
              {str(ROOT)!r}, {str(Path.home())!r}):
    if os.path.lexists(place):
        print("there is", place)
print(*sorted(set(os.environ) - {{"LC_CTYPE"}}), os.uname().nodename)
print(sorted(os.listdir("/")), sorted(os.listdir("/dev")), sorted(os.listdir("/etc")), os.listdir("/tmp"))
for folder in ("/usr/lib/python3/dist-packages", os.path.dirname(os.__file__) + "/site-packages"):
    if os.path.isdir(folder) and os.listdir(folder):
        print("packages in", folder)
for folder, _, files in os.walk("/"):
    if folder.startswith(("/usr/lib", "/usr/share/zoneinfo")) and os.path.dirname(os.__file__) not in folder:
        continue
    for name in files:
        path = os.path.join(folder, name)
        if os.path.isfile(path) and b"{SECRET}" in open(path, "rb").read():
            print("the secret is in", path)
"""
    ran = run(code)
    told = ran["stdout"].splitlines()
    assert ran["status"] == "ok", ran["stderr"]
    assert told[0] == "PWD PYTHONHASHSEED sandbox"  # bubblewrap tells where it is
    assert len(told) == 2
    assert "['null', 'urandom'] ['ld.so.cache'] []" in told[1]


def test_nothing_but_its_own_folder_can_be_written_to(run: Runner) -> None:
    code = """
import os, sys
for folder, folders, files in os.walk("/"):
    if folder.startswith("/tmp"):
        folders.clear()
        continue
    try:
        with open(os.path.join(folder, "x"), "w"):
            print("written in", folder)
    except OSError:
        pass
for path in (sys.executable, os.__file__, "/etc/ld.so.cache"):
    for attempt in (lambda path: open(path, "r+b"), lambda path: os.chmod(path, 0o777), os.remove, os.utime):
        try:
            attempt(path)
            print("changed", path)
        except OSError:
            pass
open("/tmp/mine", "w").write("x")
print("end")
"""
    ran = run(code, seconds=30)
    assert ran["stdout"] == "end\n", ran


def test_links_lead_nowhere(run: Runner) -> None:
    code = """
import os
targets = ("/etc/shadow", "/proc/1/root/etc/shadow", "../../../../root", "/tmp/../../..", "/dev/../root")
for number, target in enumerate(targets):
    os.symlink(target, f"/tmp/{number}")
    try:
        found = os.listdir(f"/tmp/{number}") if os.path.isdir(f"/tmp/{number}") else open(f"/tmp/{number}").read()
        print(number, sorted(found))
    except OSError:
        pass
try:
    os.link(os.__file__, "/tmp/hard")
    print("linked")
except OSError:
    pass
print("end")
"""
    told = run(code)["stdout"].splitlines()
    assert told[-1] == "end"
    assert len(told) == 2
    assert told[0].startswith("3 ['dev'")  # its own root


def test_signals_reach_nobody_else(run: Runner) -> None:
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        code = f"""
import os, signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for pid in ({os.getpid()}, {bystander.pid}, os.getppid(), -1, 0, 1, 2, 3):
    for number in (signal.SIGTERM, signal.SIGKILL):
        if pid in (0, 1) and number == signal.SIGKILL:
            continue
        try:
            os.kill(pid, number)
        except OSError:
            pass
for pid in range(2, 4000):
    try:
        os.kill(pid, 9)
        print("killed", pid)
    except OSError:
        pass
print("end")
"""
        assert run(code)["stdout"] == "end\n"
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


@pytest.mark.parametrize(
    "end", ["", "import time; time.sleep(600)", "import os; os._exit(3)"], ids=["ok", "late", "exit"]
)
def test_what_slips_away_does_not_outlive_it(run: Runner, end: str) -> None:
    code = f"""
import os, signal, time
for number in range(1, 32):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
for _ in range(2):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.closerange(0, 64)
            while True:
                time.sleep(1)
        os._exit(0)
time.sleep(0.1)
{end}
"""
    ran = run(code, seconds=1)
    assert ran["status"] == {"": "ok", "import os; os._exit(3)": "error"}.get(end, "timeout")


def test_kernel_calls_that_lead_out_are_refused(run: Runner) -> None:
    code = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
NEWUSER, NEWNS, NEWNET, NEWPID = 0x10000000, 0x20000, 0x40000000, 0x20000000
tries = {
    "ptrace": lambda: libc.ptrace(0, 0, 0, 0),
    "ptrace attach": lambda: libc.ptrace(16, 1, 0, 0),
    "mount": lambda: libc.mount(b"none", b"/tmp", b"tmpfs", 0, 0),
    "bind": lambda: libc.mount(b"/usr", b"/tmp", 0, 4096, 0),
    "remount": lambda: libc.mount(0, b"/", 0, 32, 0),
    "umount": lambda: libc.umount2(b"/tmp", 2),
    "chroot": lambda: libc.chroot(b"/tmp"),
    "pivot": lambda: libc.syscall(155, b"/tmp", b"/tmp"),
    "unshare user": lambda: libc.unshare(NEWUSER),
    "unshare mounts": lambda: libc.unshare(NEWNS),
    "unshare network": lambda: libc.unshare(NEWNET),
    "clone user": lambda: libc.syscall(56, NEWUSER | 17, 0, 0, 0, 0),
    "setns": lambda: libc.setns(0, 0),
    "device": lambda: libc.mknod(b"/tmp/sda", 0o60666, os.makedev(8, 0)),
    "module": lambda: libc.syscall(175, 0, 0, b""),
    "reboot": lambda: libc.reboot(0),
    "host name": lambda: libc.sethostname(b"x", 1),
    "clock": lambda: libc.settimeofday(ctypes.byref(ctypes.c_long(0)), 0),
    "bpf": lambda: libc.syscall(321, 0, 0, 0),
    "io_uring": lambda: libc.syscall(425, 1, 0),
    "userfaultfd": lambda: libc.syscall(323, 1),
    "perf": lambda: libc.syscall(298, 0, 0, -1, -1, 0),
    "keys": lambda: libc.syscall(250, 0, -3, 0, 0, 0),
    "x32 socket": lambda: libc.syscall(0x40000000 + 41, 2, 1, 0),
    "nice": lambda: libc.setpriority(0, 0, -10),
}
for name, attempt in tries.items():
    ctypes.set_errno(0)
    if attempt() != -1:
        print("allowed:", name)
print("end")
"""
    if os.uname().machine != "x86_64":
        pytest.skip("the numbers are x86-64's")
    assert run(code)["stdout"] == "end\n"


def test_devices_of_the_machine_are_not_there(run: Runner) -> None:
    code = """
import os
for name in "mem kmem kmsg sda vda tty console fuse kvm vsock shm ptmx full net/tun".split():
    try:
        os.open(f"/dev/{name}", os.O_RDWR)
        print("opened", name)
    except OSError:
        pass
print(len(os.urandom(4)), os.open("/dev/null", os.O_RDWR) > 0, os.isatty(0))
"""
    assert run(code)["stdout"] == "4 True False\n"


def test_it_dies_with_whoever_started_it(run: Runner, tmp_path: Path) -> None:
    with run.start(60) as process:
        assert process.stdin
        process.stdin.write("import os\nfor _ in range(3): os.fork()\nwhile True: pass\n")
        process.stdin.close()
        started = below(process.pid)
        while len(started) < 5:
            time.sleep(0.01)
            started = below(process.pid)
        process.send_signal(signal.SIGKILL)
        process.stdin = None
        process.communicate()
        while any(Path(f"/proc/{pid}").exists() for pid in started):
            time.sleep(0.01)


def below(pid: int) -> list[int]:
    """Processes that descend from one."""
    try:
        children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return children + [one for child in children for one in below(child)]
