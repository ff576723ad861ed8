"""The demo's world and its little web, for the tests of both."""

from collections.abc import Iterator

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
    with DemoServer(world, port=0) as server:
        client = Client(server)
        yield client
        client.close()


@pytest.fixture
def fresh(world: DemoWorld) -> Iterator[Client]:
    """A server that nobody has asked anything yet."""
    with DemoServer(world, port=0) as server:
        client = Client(server)
        yield client
        client.close()
