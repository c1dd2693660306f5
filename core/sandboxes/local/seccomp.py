"""The calls of the kernel that code in a sandbox can't make, as a program for its filter.

Namespaces take away what the code may see. What is left is the kernel itself, which all on this machine share: its
rarely used calls are where most ways out were found, some of its things belong to no namespace (sockets to the
hypervisor, keyrings, asynchronous IO), and some of its memory is counted nowhere (shared memory that nobody has mapped,
space that was allocated and never written). Python, NumPy, pandas, PyArrow and scikit-learn need none of it.

A program is a list of instructions of the classic Berkeley Packet Filter over `struct seccomp_data`: number at 0,
architecture at 4, arguments from 16 on, 8 bytes each. The first that returns decides. A call that is newer than this
list looks to the code as if the kernel did not know it, and libraries then take an older one.
"""

from __future__ import annotations

import errno
import platform
import struct
from collections.abc import Iterable, Iterator
from typing import Final

LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN, AND = 0x20, 0x15, 0x35, 0x45, 0x06, 0x54
ALLOW, REFUSE = 0x7FFF0000, 0x00050000
NUMBER, ARCHITECTURE, ARGUMENT = 0, 4, 16
KEPT: Final = (1 << 16) - 1  # of an errno

# By name: its number on x86-64 and on ARM64, None where it has none.
REFUSED: Final[dict[str, tuple[int | None, int | None]]] = {
    # other processes
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "pidfd_getfd": (438, 438), "process_madvise": (440, 440), "process_mrelease": (448, 448),
    "move_pages": (279, 239), "migrate_pages": (256, 238),
    # namespaces and mounts
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "chroot": (161, 51), "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442),
    "statmount": (457, 457), "listmount": (458, 458),
    # the kernel's own machinery
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "vmsplice": (278, 75),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "io_setup": (206, 0), "inotify_init": (253, None), "inotify_init1": (294, 26),
    "fanotify_init": (300, 262), "fanotify_mark": (301, 263), "lookup_dcookie": (212, 18),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265), "remap_file_pages": (216, 234),
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106),
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "personality": (135, 92),
    # keyrings, which are inherited
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    # memory and space that nobody counts
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "fallocate": (285, 47),
    "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195), "msgget": (68, 186), "semget": (64, 190),
    "mq_open": (240, 180),
    "sendmsg": (46, 211), "sendmmsg": (307, 269),  # open files on their way to nobody
    # the machine
    "sync": (162, 81), "syncfs": (306, 267),
    "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225), "acct": (163, 89), "syslog": (103, 116),
    "quotactl": (179, 60), "quotactl_fd": (443, 443), "iopl": (172, None), "ioperm": (173, None),
    "modify_ldt": (154, None), "settimeofday": (164, 170), "clock_settime": (227, 112), "adjtimex": (159, 171),
    "clock_adjtime": (305, 266), "sethostname": (170, 161), "setdomainname": (171, 162), "vhangup": (153, 58),
    "uselib": (134, None), "ustat": (136, None), "sysfs": (139, None), "_sysctl": (156, None),
}  # fmt: skip
UNKNOWN: Final = frozenset(
    {"memfd_create", "memfd_secret", "io_uring_setup", "inotify_init", "inotify_init1", "io_setup"}
)
CLONE, CLONE3, SOCKET, IOCTL, MMAP, PRCTL = (56, 220), (435, 435), (41, 198), (16, 29), (9, 222), (157, 167)
CLOSE_RANGE, WITH_A_TABLE_OF_ITS_OWN = (436, 436), 2
THREAD, THREAD_OR_FILES = 0x10000, 0x10400  # a thread that has a table of open files of its own hides them
PR_SET_DUMPABLE: Final = 4  # what is not dumpable hides its open files from the watchdog
NEW_NAMESPACES, UNIX = 0x7E020000, 1
# Shared memory without a file can be filled and all but a page of it given up: what is left is counted nowhere.
SHARED_ANONYMOUS, SHARING, HUGE_PAGES = 0x21, 0x23, 0x40000
TYPE_INTO_TERMINAL = (0x5412, 0x541C)
NEWEST_CALL: Final = 462  # what comes behind it was not looked at
MACHINES: Final = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}


def is_known(machine: str | None = None) -> bool:
    """Whether there is a program for this kind of processor."""
    return (machine or platform.machine()) in MACHINES


def program(machine: str | None = None) -> bytes:
    """The filter for this machine, as `bwrap --seccomp` reads it."""
    column, architecture = MACHINES[machine or platform.machine()]
    lines = [
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUAL, 1, 0, architecture),
        _refuse(errno.ENOSYS),  # a call of 32 bits
        (LOAD, 0, 0, NUMBER),
        (AT_LEAST, 0, 1, NEWEST_CALL + 1),  # and those of the x32 ABI, which lie above
        _refuse(errno.ENOSYS),
        *_when(
            CLONE3[column], [_refuse(errno.ENOSYS)]
        ),  # its flags can't be seen from here; `clone` is used then
        *_when(
            CLONE[column],
            [*_if_argument(0, ANY_BIT, [NEW_NAMESPACES]), *_if_masked(0, THREAD_OR_FILES, THREAD)],
        ),
        *_when(CLOSE_RANGE[column], [*_if_argument(2, ANY_BIT, [WITH_A_TABLE_OF_ITS_OWN])]),
        *_when(SOCKET[column], [*_unless_argument(0, UNIX, errno.EAFNOSUPPORT)]),
        *_when(IOCTL[column], [*_if_argument(1, EQUAL, TYPE_INTO_TERMINAL)]),
        *_when(PRCTL[column], [*_if_argument(0, EQUAL, [PR_SET_DUMPABLE])]),
        *_when(
            MMAP[column], [*_if_argument(3, ANY_BIT, [HUGE_PAGES]), *_if_masked(3, SHARING, SHARED_ANONYMOUS)]
        ),
    ]
    for name, numbers in REFUSED.items():
        if (number := numbers[column]) is not None:
            lines += _when(number, [_refuse(_errno(name))])
    lines.append((RETURN, 0, 0, ALLOW))
    return b"".join(struct.pack("=HBBI", *line) for line in lines)


Instruction = tuple[int, int, int, int]


def _errno(name: str) -> int:
    if name == "fallocate":
        return errno.EOPNOTSUPP  # what libraries then do is to write
    return errno.ENOSYS if name in UNKNOWN else errno.EPERM


def _refuse(code: int) -> Instruction:
    return (RETURN, 0, 0, REFUSE | (code & KEPT))


def _when(number: int, then: list[Instruction]) -> list[Instruction]:
    """These for one call alone. They leave its number loaded, as they found it, unless they return."""
    return [(EQUAL, 0, len(then), number), *then]


def _if_argument(n: int, test: int, values: Iterable[int]) -> Iterator[Instruction]:
    """Refuse the call where the low half of an argument passes the test with one of the values."""
    yield (LOAD, 0, 0, ARGUMENT + 8 * n)
    for value in values:
        yield (test, 0, 1, value)
        yield _refuse(errno.EPERM)
    yield (LOAD, 0, 0, NUMBER)


def _unless_argument(n: int, value: int, code: int) -> Iterator[Instruction]:
    yield (LOAD, 0, 0, ARGUMENT + 8 * n)
    yield (EQUAL, 1, 0, value)
    yield _refuse(code)
    yield (LOAD, 0, 0, NUMBER)


def _if_masked(n: int, mask: int, value: int) -> Iterator[Instruction]:
    """Refuse the call where these bits of the low half of an argument are just so."""
    yield (LOAD, 0, 0, ARGUMENT + 8 * n)
    yield (AND, 0, 0, mask)
    yield (EQUAL, 0, 1, value)
    yield _refuse(errno.EPERM)
    yield (LOAD, 0, 0, NUMBER)
