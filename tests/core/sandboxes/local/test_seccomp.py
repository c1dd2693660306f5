"""The filter's program, run by an interpreter of our own: so that of the machine that this is not is tested as well."""

from __future__ import annotations

import errno
import struct

import pytest

from core.sandboxes.local import seccomp

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
ALLOWED = 0


def decision(machine: str, number: int, *arguments: int, architecture: int | None = None) -> int:
    """The errno that a call ends with; ALLOWED where it is let through."""
    padded = [*arguments, *[0] * (6 - len(arguments))]
    data = struct.pack("=iIQ6Q", number, architecture or ARCHITECTURES[machine], 0, *padded)
    lines = list(struct.iter_unpack("=HBBI", seccomp.program(machine)))
    loaded, place = 0, 0
    while True:
        code, if_true, if_false, value = lines[place]
        place += 1
        match code:
            case seccomp.LOAD:
                (loaded,) = struct.unpack_from("=I", data, value)
            case seccomp.AND:
                loaded &= value
            case seccomp.EQUAL:
                place += if_true if loaded == value else if_false
            case seccomp.AT_LEAST:
                place += if_true if loaded >= value else if_false
            case seccomp.ANY_BIT:
                place += if_true if loaded & value else if_false
            case seccomp.RETURN:
                return ALLOWED if value == seccomp.ALLOW else value & seccomp.KEPT
            case _:
                raise AssertionError(f"no such instruction: {code}")


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_each_call_is_let_through_or_refused_as_it_should_be(machine: str) -> None:
    column = list(ARCHITECTURES).index(machine)

    def says(call: tuple[int, int], *arguments: int) -> int:
        return decision(machine, call[column], *arguments)

    for name, numbers in seccomp.REFUSED.items():
        if (number := numbers[column]) is not None:
            assert decision(machine, number) in (errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP), name
    plain_thread, process, file = 0x3D0F00, 0x01200011, 2
    assert says(seccomp.CLONE, plain_thread) == says(seccomp.CLONE, process) == ALLOWED
    assert says(seccomp.CLONE, plain_thread & ~0x400) == errno.EPERM
    for namespace in (0x20000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000):
        assert says(seccomp.CLONE, process | namespace) == errno.EPERM
    assert says(seccomp.CLONE3) == errno.ENOSYS
    assert says(seccomp.SOCKET, 1, 1) == ALLOWED
    assert {says(seccomp.SOCKET, family) for family in (2, 10, 16, 17, 38, 40)} == {errno.EAFNOSUPPORT}
    assert says(seccomp.SOCKET, (1 << 32) | 40) == errno.EAFNOSUPPORT  # the kernel looks at the low half
    assert says(seccomp.MMAP, 0, 1, 3, 0x22) == says(seccomp.MMAP, 0, 1, 3, 0x01, file) == ALLOWED
    assert {says(seccomp.MMAP, 0, 1, 3, flags) for flags in (0x21, 0x40022, 0x04021)} == {errno.EPERM}
    assert says(seccomp.PRCTL, 15) == ALLOWED
    assert says(seccomp.PRCTL, 4) == says(seccomp.CLOSE_RANGE, 3, 9, 2) == errno.EPERM
    assert says(seccomp.IOCTL, 1, 0x5413) == says(seccomp.CLOSE_RANGE, 3, 9, 0) == ALLOWED
    assert says(seccomp.IOCTL, 1, 0x5412) == errno.EPERM
    read, execute, exit_group = ((0, 63), (59, 221), (231, 94))
    assert says(read) == says(execute) == says(exit_group) == ALLOWED


def test_calls_of_other_word_sizes_and_newer_ones_are_unknown() -> None:
    assert decision("x86_64", 20, architecture=0x40000003) == errno.ENOSYS
    assert decision("x86_64", 0x40000000 | 39) == errno.ENOSYS
    assert decision("aarch64", 0, architecture=0x40000028) == errno.ENOSYS
    assert decision("x86_64", seccomp.NEWEST_CALL + 1) == errno.ENOSYS


def test_no_two_calls_have_one_number() -> None:
    for column in (0, 1):
        numbers = [number for numbers in seccomp.REFUSED.values() if (number := numbers[column]) is not None]
        assert len(numbers) == len(set(numbers))
    assert not seccomp.is_known("riscv64")
