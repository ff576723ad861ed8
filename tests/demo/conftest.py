"""The demo's world and its little web, for the tests of both."""

from collections.abc import Iterator
from contextlib import contextmanager

import demo_photographs
import pytest
from demo_client import Client

from facecorpus.demo.server import DemoServer
from facecorpus.demo.world import DemoWorld


@pytest.fixture(scope="session")
def world() -> DemoWorld:
    return demo_photographs.world()


@pytest.fixture(scope="module")
def client(world: DemoWorld) -> Iterator[Client]:
    """One server for the tests that do not count its faults."""
    with _served(world) as client:
        yield client


@pytest.fixture
def fresh(world: DemoWorld) -> Iterator[Client]:
    """A server that nobody has asked anything yet."""
    with _served(world) as client:
        yield client


@contextmanager
def _served(world: DemoWorld) -> Iterator[Client]:
    with DemoServer(world, port=0) as server:
        client = Client(server)
        yield client
        client.close()
