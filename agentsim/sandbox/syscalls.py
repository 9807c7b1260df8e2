"""System calls that the sandbox refuses, as the program that the kernel runs before each call (seccomp).

Namespaces leave three gaps that are closed here. Sockets of a virtual machine to its host (``AF_VSOCK``) belong to no
network namespace. Memory of ``memfd_create`` and System V IPC is counted by no limit of a process. And calls that
nobody's function needs (tracing, mounting, io_uring, keys, bpf) are where the kernel's own faults were found.
"""

import platform
import struct

_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
"""Column of the table below, and ``AUDIT_ARCH_*`` of ``linux/audit.h``."""

_REFUSED = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "open_tree": (428, 428),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
}
"""Numbers on x86-64 and on 64-bit ARM."""

_UNIX_ONLY = {"socket": (41, 198), "socketpair": (53, 199)}
"""Allowed for ``AF_UNIX``, which a network namespace does confine."""

_LOAD, _IF_EQUAL, _IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
_ALLOW, _KILL, _EPERM = 0x7FFF0000, 0x80000000, 0x00050001
_AF_UNIX = 1
_X32 = 0x40000000
"""Bit of the numbers of x86-64's second call table, which would go round the first."""


def known_machine() -> bool:
    """Return whether there is a table for this kind of processor."""
    return platform.machine() in _ARCHITECTURES


def seccomp_program() -> bytes:
    """Return the filter (``struct sock_filter[]``) for this kind of processor; raise ``KeyError`` for others."""
    column, architecture = _ARCHITECTURES[platform.machine()]
    steps = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_IF_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_IF_AT_LEAST, 0, 1, _X32),
        (_RETURN, 0, 0, _EPERM),
    ]
    for numbers in _REFUSED.values():
        steps += [(_IF_EQUAL, 0, 1, numbers[column]), (_RETURN, 0, 0, _EPERM)]
    for numbers in _UNIX_ONLY.values():
        steps += [
            (_IF_EQUAL, 0, 4, numbers[column]),
            (_LOAD, 0, 0, _FIRST_ARGUMENT),  # its lower half, both machines being little-endian
            (_IF_EQUAL, 0, 1, _AF_UNIX),
            (_RETURN, 0, 0, _ALLOW),
            (_RETURN, 0, 0, _EPERM),
        ]
    steps.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("=HBBI", *step) for step in steps)
