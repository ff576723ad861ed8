"""A power cut, for campaign.py: what a disk may hold where it fails between two calls of a command.

The calls are written down by the shim. Sure to be there is what an fsync of its file has brought to the disk, and every
name that was made, moved or taken away before the latest fsync of any file: one journal has them all, as on ext4, XFS
and Btrfs. Of the rest each write to a file is there or not by the throw of a coin, and of the names those before some
moment. Torn sectors, and disks that lie about an fsync, are not covered.
"""

import os
import random
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from campaign_machine import States, run

_HEAD = struct.Struct("=6Q")


@dataclass(frozen=True)
class Call:
    """One call that changed a file or a name."""

    kind: str  # W write, T truncate, S fsync, A sync of all, C new file, R rename, X exchange, U delete
    inode: int
    offset: int  # or the size after T
    one: str
    other: str
    data: bytes


def power_cuts(
    begin: str, command: Sequence[str], made: States, root: Path, points: int, seed: int
) -> Iterator[tuple[int, Path]]:
    """Let the power fail at so many places of a command; each place, and the folder as it is afterwards."""
    log = root.with_suffix(".log")
    made.copy(begin, root)
    names = {str(path): path.stat().st_ino for path in root.rglob("*") if path.is_file()}
    contents = {inode: Path(path).read_bytes() for path, inode in names.items()}
    run(root, command, "record", CAMPAIGN_LOG=str(log))
    calls = list(_read(log))
    dice = random.Random(f"{command} {seed}")
    for point in range(points):
        place = 1 + point * len(calls) // points + dice.randrange(max(len(calls) // points, 1))
        _put(root, *_after(names, contents, calls[:place], dice))
        yield place, root
    log.unlink()


def _read(log: Path) -> Iterator[Call]:
    data = log.read_bytes()
    at = 0
    while at < len(data):
        kind, inode, offset, one, other, size = _HEAD.unpack_from(data, at)
        at += _HEAD.size
        pieces = []
        for length in (one, other, size):
            pieces.append(data[at : at + length])
            at += length
        yield Call(chr(kind), inode, offset, os.fsdecode(pieces[0]), os.fsdecode(pieces[1]), pieces[2])


def _after(
    names: dict[str, int], contents: dict[int, bytes], calls: Sequence[Call], dice: random.Random
) -> tuple[dict[str, int], dict[int, bytes]]:
    """Names and contents as they are on the disk when the power comes back."""
    names, whole = dict(names), {inode: bytearray(data) for inode, data in contents.items()}
    synced: dict[int, int] = {}  # the place of the last fsync of each file
    for place, call in enumerate(calls):
        if call.kind == "S":
            synced[call.inode] = place
        elif call.kind == "A":
            synced |= dict.fromkeys({one.inode for one in calls[:place]}, place)
    last = max(synced.values(), default=-1)
    names_until = dice.randint(last, len(calls)) if len(calls) > last else last
    for place, call in enumerate(calls):
        is_sure = place <= synced.get(call.inode, -1)
        if call.kind == "C":
            whole[call.inode] = bytearray()
        elif call.kind in "WT" and (is_sure or dice.random() < 0.5):
            _write(whole.setdefault(call.inode, bytearray()), call)
        if call.kind in "CRXU" and place <= max(last, names_until):
            _rename(names, call)
    return names, {inode: bytes(whole.get(inode, b"")) for inode in names.values()}


def _write(data: bytearray, call: Call) -> None:
    end = call.offset + len(call.data)
    if call.kind == "T":
        del data[call.offset :]
    if len(data) < end:
        data.extend(bytes(end - len(data)))
    data[call.offset : end] = call.data


def _rename(names: dict[str, int], call: Call) -> None:
    match call.kind:
        case "C":
            names[call.one] = call.inode
        case "U":
            names.pop(call.one, None)
        case "R":
            _drop(names, call.other)
            _move(names, {call.one: call.other})
        case "X":
            _move(names, {call.one: call.other, call.other: call.one})


def _drop(names: dict[str, int], path: str) -> None:
    for name in [name for name in names if name == path or name.startswith(f"{path}/")]:
        del names[name]


def _move(names: dict[str, int], to: dict[str, str]) -> None:
    moved = {}
    for name in list(names):
        for old, new in to.items():
            if name == old or name.startswith(f"{old}/"):
                moved[new + name[len(old) :]] = names.pop(name)
    names |= moved


def _put(root: Path, names: dict[str, int], contents: dict[int, bytes]) -> None:
    import shutil

    shutil.rmtree(root)
    root.mkdir(mode=0o700)
    for name, inode in names.items():
        if name.endswith(("-shm", ".lock")):
            continue
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents[inode])
