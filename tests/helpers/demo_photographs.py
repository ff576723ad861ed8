"""The demo's world, opened once in a process, and its photographs by what is wrong with them."""

from functools import cache

from facecorpus.demo.world import DemoWorld, Truth


@cache
def world() -> DemoWorld:
    return DemoWorld()


def of_kind(kind: str, **wanted: object) -> list[Truth]:
    return [
        row
        for row in world().truth
        if row.kind == kind and all(getattr(row, field) == value for field, value in wanted.items())
    ]
