"""Ways out of a sandbox, tried from inside: prints a JSON object of those that got somewhere, by name.

Runs alone, without the app's code, and in a sandbox only: some of it would do harm outside. `targets.json` names what
is to be reached: files, a process, ports and sockets of the host, and the mark that its secrets have.
"""

# It speaks to the kernel as an attacker does, without a library between.
# ruff: noqa: PTH208, PTH116, PTH120

from __future__ import annotations

import ctypes
import json
import mmap
import os
import platform
import resource
import signal
import socket
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

TARGETS = json.loads(Path("targets.json").read_text())
MARK = TARGETS["mark"]
X86 = platform.machine() == "x86_64"
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
libc.mmap.restype = ctypes.c_void_p
Attempt = Callable[[], Any]
ATTEMPTS: list[Attempt] = []


def attempt(function: Attempt) -> Attempt:
    ATTEMPTS.append(function)
    return function


def call(number_x86: int, number_arm: int, *arguments: Any) -> int:
    """A system call by its number: 0 or more where the kernel did it, else minus its error."""
    number = number_x86 if X86 else number_arm
    done: int = libc.syscall(
        ctypes.c_long(number), *(ctypes.c_long(a) if isinstance(a, int) else a for a in arguments)
    )
    return done if done >= 0 else -ctypes.get_errno()


def in_child(function: Callable[[], bool]) -> bool:
    """Whether it succeeds in a process of its own, which may perish."""
    if (pid := os.fork()) == 0:
        with suppress(BaseException):
            os._exit(0 if function() else 1)
        os._exit(1)
    return os.waitpid(pid, 0)[1] == 0


def readable(paths: Iterator[str]) -> list[str]:
    found = []
    for path in paths:
        with suppress(OSError, ValueError):
            if os.read(os.open(path, os.O_RDONLY | os.O_NONBLOCK), 1):
                found.append(path)
    return found


# Files ---------------------------------------------------------------------------------------------------------------


@attempt
def read_the_apps_files_database_and_settings() -> list[str]:
    return readable(iter(TARGETS["files"]))


@attempt
def read_what_the_host_has() -> list[str]:
    return readable(
        iter(
            (
                "/etc/passwd",
                "/etc/shadow",
                "/etc/hosts",
                "/etc/machine-id",
                "/root/.bashrc",
                "/proc/kcore",
                "/proc/sysrq-trigger",
                "/sys/kernel/notes",
                "/var/log/dpkg.log",
                "/dev/mem",
                "/dev/vda",
                "/dev/sda",
                "/dev/kmsg",
                "/dev/fuse",
                "/dev/kvm",
                "/dev/vsock",
                "/run/docker.sock",
            )
        )
    )


@attempt
def see_the_folders_of_the_app() -> list[str]:
    return [path for path in TARGETS["folders"] if Path(path).exists() and os.listdir(path)]


@attempt
def find_the_mark_in_what_can_be_read_of_processes() -> list[str]:
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        for name in ("environ", "cmdline", "maps", "mountinfo", "cgroup"):
            with suppress(OSError):
                if MARK in Path(f"/proc/{pid}/{name}").read_text(errors="replace"):
                    found.append(f"{pid}/{name}")
    return found


@attempt
def go_through_the_folders_of_processes() -> list[str]:
    paths = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        for place in ("root", "cwd"):
            paths += [f"/proc/{pid}/{place}{path}" for path in TARGETS["files"]]
        if int(pid) != os.getpid():
            with suppress(OSError):
                paths += [f"/proc/{pid}/fd/{fd}" for fd in os.listdir(f"/proc/{pid}/fd")]
            paths += [f"/proc/{pid}/mem", f"/proc/{pid}/exe"]
    return readable(iter(paths))


@attempt
def find_descriptors_that_were_left_open() -> list[str]:
    left = [name for name in os.listdir("/proc/self/fd") if int(name) > 2]
    return [
        path for name in left if not (path := os.path.realpath(f"/proc/self/fd/{name}")).startswith("/proc")
    ]


@attempt
def find_secrets_in_the_environment() -> list[str]:
    return [name for name, value in os.environ.items() if MARK in value or "KEY" in name or "URL" in name]


@attempt
def write_where_nothing_is_counted() -> list[str]:
    found = []
    places = [
        "/",
        "/dev",
        "/etc",
        "/usr",
        "/usr/bin",
        "/usr/lib",
        "/proc",
        "/proc/sys/kernel",
        "/proc/self",
        "/sys",
        "/run",
        "/var",
        "/mnt",
        "/home",
        "/root",
        sys.prefix,
        sys.base_prefix,
        os.path.dirname(sys.prefix),
    ]
    for place in (*places, *TARGETS["folders"]):
        with suppress(OSError):
            Path(place, "written").write_text("x")
            found.append(place)
    for path in (
        "/proc/sys/kernel/core_pattern",
        "/proc/sys/vm/drop_caches",
        "/proc/self/setgroups",
        "/proc/self/uid_map",
    ):
        with suppress(OSError):
            Path(path).write_text("0 0 1")
            found.append(path)
    return found


@attempt
def find_memory_file_systems_that_can_be_written() -> list[str]:
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    return [
        m[1]
        for m in mounts
        if m[2] in ("tmpfs", "devtmpfs", "ramfs")
        and os.access(m[1], os.W_OK)
        and stat.S_ISDIR(os.stat(m[1]).st_mode)
    ]


@attempt
def make_devices_and_programs_with_rights() -> list[str]:
    found = []
    for name, kind, device in (
        ("disk", stat.S_IFBLK, (8, 0)),
        ("memory", stat.S_IFCHR, (1, 1)),
        ("zero", stat.S_IFCHR, (1, 5)),
    ):
        with suppress(OSError):
            os.mknod(name, 0o666 | kind, os.makedev(*device))
            found.append(name)
    for path in ("/usr/bin/su", "/usr/bin/passwd", "/usr/bin/mount"):
        with suppress(OSError):
            if os.stat(path).st_mode & stat.S_ISUID and not os.statvfs(path).f_flag & os.ST_NOSUID:
                found.append(path)
    return found


# Other processes -----------------------------------------------------------------------------------------------------


@attempt
def see_or_signal_processes_of_the_host() -> list[str]:
    found = [
        pid
        for pid in filter(str.isdigit, os.listdir("/proc"))
        if MARK in Path(f"/proc/{pid}/comm").read_text()
    ]
    for number in (0, signal.SIGURG):
        with suppress(OSError):
            os.kill(TARGETS["pid"], number)
            found.append(f"signal {number}")
    return found


@attempt
def count_more_processes_than_there_should_be() -> list[str]:
    seen = [pid for pid in os.listdir("/proc") if pid.isdigit()]
    return seen if len(seen) > 5 else []


@attempt
def trace_and_read_its_own_monitor() -> list[str]:
    found = []
    for pid in (1, 2, os.getppid()):
        if call(101, 117, 16, pid, 0, 0) >= 0:  # PTRACE_ATTACH
            found.append(f"ptrace {pid}")
        with suppress(OSError):
            Path(f"/proc/{pid}/mem").open("r+b").close()
            found.append(f"mem {pid}")
        with suppress(OSError):
            descriptor = os.pidfd_open(pid)
            if call(438, 438, descriptor, 1, 0) >= 0:
                found.append(f"pidfd_getfd {pid}")
    with suppress(OSError):
        os.kill(1, signal.SIGKILL)
        if pid_one_is_stopped():
            found.append("kill 1")
    return found


def pid_one_is_stopped() -> bool:
    return not Path("/proc/1").exists()


@attempt
def be_somebody_else() -> list[str]:
    found = [name for name, value in (("uid", os.getuid()), ("gid", os.getgid())) if value != 65534]
    for name, change in (
        ("root", lambda: os.setuid(0)),
        ("groups", lambda: os.setgroups([0])),
        ("gid 0", lambda: os.setgid(0)),
    ):
        with suppress(OSError):
            change()
            found.append(name)
    status = dict(
        line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line
    )
    found += [name for name in ("CapPrm", "CapEff", "CapBnd", "CapAmb") if int(status[name], 16)]
    found += [] if status["NoNewPrivs"] == "1" else ["may get rights"]
    found += [] if status["Seccomp"] == "2" else ["no filter"]
    return found


# The network ---------------------------------------------------------------------------------------------------------


@attempt
def reach_the_app_or_the_network() -> list[str]:
    found = []
    for family, address in (
        (socket.AF_INET, ("127.0.0.1", TARGETS["port"])),
        (socket.AF_INET6, ("::1", TARGETS["port"])),
        (socket.AF_INET, ("1.1.1.1", 53)),
        (socket.AF_UNIX, "\0" + TARGETS["abstract"]),
        (socket.AF_UNIX, TARGETS["socket"]),
        (socket.AF_UNIX, "/run/dbus/system_bus_socket"),
    ):
        with suppress(OSError), socket.socket(family) as client:
            client.settimeout(1)
            client.connect(address)
            found.append(str(address))
    with suppress(OSError):
        found += [str(socket.getaddrinfo("localhost", 80)[0][4])] if TARGETS["resolves"] else []
    return found


@attempt
def open_other_kinds_of_sockets() -> list[str]:
    """Of which some lead past the namespace (to the hypervisor), and all into little used parts of the kernel."""
    found = []
    for family in range(2, 46):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET):
            with suppress(OSError):
                socket.socket(family, kind).close()
                found.append(f"{family}/{kind}")
    return found


# The kernel ----------------------------------------------------------------------------------------------------------


@attempt
def make_namespaces() -> list[str]:
    flags = {
        "user": 0x10000000,
        "mount": 0x20000,
        "pid": 0x20000000,
        "net": 0x40000000,
        "ipc": 0x08000000,
        "uts": 0x04000000,
        "cgroup": 0x02000000,
        "time": 0x80,
    }
    found = [
        f"unshare {name}" for name, flag in flags.items() if in_child(lambda f=flag: call(272, 97, f) >= 0)
    ]
    for name, flag in flags.items():
        if name != "time" and (pid := call(56, 220, flag | signal.SIGCHLD, 0, 0, 0, 0)) >= 0:
            if pid == 0:
                os._exit(0)
            found.append(f"clone {name}")
    arguments = (ctypes.c_uint64 * 11)(0x10000000, 0, 0, 0, signal.SIGCHLD)
    if (pid := call(435, 435, arguments, ctypes.sizeof(arguments))) >= 0:
        if pid == 0:
            os._exit(0)
        found.append("clone3")
    for pid in (1, 2):
        with suppress(OSError):
            found += ["setns"] if call(308, 268, os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY), 0) >= 0 else []
    return found


@attempt
def change_mounts() -> list[str]:
    calls = {
        "mount": lambda: call(165, 40, b"x", b"/tmp", b"tmpfs", 0, 0),
        "bind": lambda: call(165, 40, b"/", b"/tmp", 0, 4096, 0),
        "remount": lambda: call(165, 40, b"/", b"/", 0, 32 | 4096, 0),
        "umount": lambda: call(166, 39, b"/tmp", 2),
        "chroot": lambda: call(161, 51, b"/tmp"),
        "pivot_root": lambda: call(155, 41, b"/tmp", b"/tmp"),
        "open_tree": lambda: call(428, 428, -100, b"/", 1),
        "fsopen": lambda: call(430, 430, b"tmpfs", 0),
        "mount_setattr": lambda: call(442, 442, -100, b"/", 0, (ctypes.c_uint64 * 4)(), 32),
        "by handle": lambda: call(304, 265, -100, (ctypes.c_uint64 * 4)(), 0),
    }
    return [name for name, do in calls.items() if do() >= 0]


@attempt
def use_machinery_of_the_kernel() -> list[str]:
    zeros = (ctypes.c_uint64 * 32)()
    calls = {
        "bpf": lambda: call(321, 280, 0, zeros, 72),
        "perf": lambda: call(298, 241, zeros, 0, -1, -1, 0),
        "userfaultfd": lambda: call(323, 282, 1),
        "io_uring": lambda: call(425, 425, 8, zeros),
        "aio": lambda: call(206, 0, 8, zeros),
        "keyctl": lambda: call(250, 219, 0, -3, 1, 0, 0),
        "add_key": lambda: call(248, 217, b"user", b"x", b"x", 1, -3),
        "inotify": lambda: call(294, 26, 0),
        "fanotify": lambda: call(300, 262, 0, 0),
        "vmsplice": lambda: call(278, 75, 1, zeros, 0, 0),
        "process_vm_readv": lambda: call(310, 270, os.getpid(), zeros, 0, zeros, 0, 0),
        "kcmp": lambda: call(312, 272, 1, 1, 0, 0, 0),
        "personality": lambda: call(135, 92, 0x0040000),
        "syslog": lambda: call(103, 116, 10, 0, 0),
        "reboot": lambda: call(169, 142, 1, 2, 3, 0),
        "swapon": lambda: call(167, 224, b"/job/code.py", 0),
        "settime": lambda: call(227, 112, 0, zeros),
        "hostname": lambda: call(170, 161, b"x", 1),
        "module": lambda: call(175, 105, zeros, 8, b""),
        "kexec": lambda: call(246, 104, 0, 0, zeros, 0),
        "quota": lambda: call(179, 60, 0x800002, 0, 0, zeros),
        "a call that is not there yet": lambda: call(463, 463),
    }
    return [name for name, do in calls.items() if do() >= 0]


@attempt
def use_calls_of_other_word_sizes() -> list[str]:
    """What a filter by numbers would miss: the 32-bit and x32 calls have numbers of their own."""
    if not X86:
        return []
    found = []
    if libc.syscall(ctypes.c_long(0x40000000 | 39)) >= 0:  # getpid of x32
        found.append("x32")
    code = bytes.fromhex("b814000000cd80c3")  # mov eax, 20 (getpid of i386); int 0x80; ret

    def by_interrupt() -> bool:
        page = mmap.mmap(
            -1, 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
        )
        page.write(code)
        function = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
        return function() > 0

    return [*found, "int 0x80"] if in_child(by_interrupt) else found


@attempt
def have_memory_that_nobody_counts() -> list[str]:
    def mapped(flags: int) -> bool:
        return (
            libc.mmap(None, ctypes.c_size_t(1 << 21), 3, flags, -1, ctypes.c_long(0))
            != ctypes.c_void_p(-1).value
        )

    calls = {
        "memfd": lambda: call(319, 279, b"x", 0) >= 0,
        "memfd_secret": lambda: call(447, 447, 0) >= 0,
        "shmget": lambda: call(29, 194, 0, 4096, 0o1600) >= 0,
        "msgget": lambda: call(68, 186, 0, 0o1600) >= 0,
        "semget": lambda: call(64, 190, 0, 1, 0o1600) >= 0,
        "mq": lambda: call(240, 180, b"x", 0o102, 0o600, 0) >= 0,
        "shared": lambda: mapped(0x21),
        "huge pages": lambda: mapped(0x40022),
        "fallocate": lambda: fallocated(),
        "locked": lambda: libc.mlockall(3) == 0,
        "secret": lambda: Path("/dev/zero").exists(),
        "another table of files": lambda: call(436, 436, 100, 100, 2) >= 0,
        "files on their way": files_sent,
        "sync": lambda: call(162, 81) >= 0,
        "undumpable": lambda: libc.prctl(4, 0, 0, 0, 0) == 0,
    }
    return [name for name, do in calls.items() if do()]


def files_sent() -> bool:
    left, _ = socket.socketpair()
    with suppress(OSError):
        return socket.send_fds(left, [b"x"], [0]) > 0
    return False


def fallocated() -> bool:
    with Path("space").open("wb") as file:
        return call(285, 47, file.fileno(), 0, 0, 1 << 20) >= 0


@attempt
def raise_its_bounds() -> list[str]:
    found = []
    for name in ("AS", "NPROC", "FSIZE", "NOFILE", "CPU", "CORE", "MEMLOCK", "MSGQUEUE", "SIGPENDING"):
        kind = getattr(resource, f"RLIMIT_{name}", None)
        if kind is None:
            continue
        _, hard = resource.getrlimit(kind)
        if hard == resource.RLIM_INFINITY:
            found.append(f"{name} has no bound")
        with suppress(OSError, ValueError):
            resource.setrlimit(kind, (hard + 1, hard + 1))
            found.append(name)
    with suppress(OSError):
        os.nice(-1)
        found.append("nice")
    with suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        found.append("real time")
    if os.nice(0) < 10:
        found.append("its priority is not lower")
    return found


def main() -> None:
    found = {}
    for function in ATTEMPTS:
        try:
            got = function()
        except Exception as error:  # noqa: BLE001  # that an attempt broke is a mistake of ours, and shows
            got = [f"broke: {error!r}"]
        if got:
            found[function.__name__] = got
    sys.stdout.write(json.dumps({"n": len(ATTEMPTS), "found": found}))


main()
