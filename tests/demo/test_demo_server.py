"""The demo's server: the faults it plans, the manners it wants, and how it starts and stops."""

import socket
from collections import Counter
from typing import Any

import pytest
from demo_client import Client, info_of

from facecorpus.demo.server import DemoServer
from facecorpus.demo.world import DemoWorld
from facecorpus.errors import FacecorpusError

# Faults and manners


@pytest.mark.parametrize("agent", ["", "python-requests/2.32", "curl/8.5.0"])
def test_a_client_that_does_not_say_who_it_is_is_refused(client: Client, agent: str) -> None:
    response = client.once(f"{client.server.base_url}/robots.txt", headers={"User-Agent": agent})
    assert response.status_code == 403


@pytest.mark.parametrize("agent", ["facecorpus/0.1", "bot (me@example.org)", "bot (+https://example.org/bot)"])
def test_a_client_that_names_tool_or_contact_is_served(client: Client, agent: str) -> None:
    response = client.once(f"{client.server.base_url}/robots.txt", headers={"User-Agent": agent})
    assert response.status_code == 200


def test_a_file_with_a_fault_is_refused_once_and_then_served(fresh: Client, world: DemoWorld) -> None:
    planned = fresh.server.site.faults.planned
    assert 3 <= Counter(planned.values())[429] <= len(world.truth) / 75
    assert Counter(planned.values())[503] == 1
    assert not set(planned) & set(world.opted_out)
    for file, status in planned.items():
        url = info_of(fresh, file)["url"]
        refused, served, again = (fresh.once(url) for _ in range(3))
        assert (refused.status_code, served.status_code, again.status_code) == (status, 200, 200)
        assert refused.headers["Retry-After"] == "1"
        assert served.content == world.read(file)


def test_files_without_a_planned_fault_are_served_at_once(fresh: Client, world: DemoWorld) -> None:
    files = [row.file for row in world.truth if row.file not in fresh.server.site.faults.planned]
    for file in files[::20]:
        assert fresh.once(info_of(fresh, file)["url"]).status_code == 200


def test_the_api_throttles_once_and_lags_once(fresh: Client, world: DemoWorld) -> None:
    params = {"action": "query", "format": "json", "formatversion": "2", "maxlag": "5"}
    answers = [fresh.once(fresh.server.api_url, params=params) for _ in range(30)]
    throttled = [answer for answer in answers if answer.status_code == 429]
    lagging = [answer for answer in answers if answer.headers.get("MediaWiki-API-Error") == "maxlag"]
    assert (len(throttled), len(lagging)) == (1, 1)
    assert throttled[0].headers["Retry-After"] == lagging[0].headers["Retry-After"] == "1"
    assert lagging[0].status_code == 200
    assert lagging[0].json()["error"]["code"] == "maxlag"


def test_a_new_server_has_its_faults_again(world: DemoWorld) -> None:
    plans = []
    for _ in range(2):
        with DemoServer(world, port=0) as server:
            plans.append(dict(server.site.faults.planned))
    assert plans[0] == plans[1]


# The server


def test_every_request_is_in_the_log(fresh: Client) -> None:
    fresh.once(f"{fresh.server.base_url}/robots.txt")
    fresh.once(f"{fresh.server.base_url}/wiki/Nothing?x=1")
    log = [(record.method, record.path, record.status) for record in fresh.server.requests]
    assert log == [("GET", "/robots.txt", 200), ("GET", "/wiki/Nothing?x=1", 404)]
    times = [record.time for record in fresh.server.requests]
    assert times == sorted(times)


def test_one_connection_serves_many_requests(fresh: Client) -> None:
    with socket.create_connection(("127.0.0.1", fresh.server.port), timeout=20) as connection:
        for _ in range(3):
            connection.sendall(b"GET /robots.txt HTTP/1.1\r\nHost: x\r\nUser-Agent: facecorpus\r\n\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")


def test_a_client_that_goes_away_disturbs_nobody(fresh: Client, world: DemoWorld, capfd: Any) -> None:
    largest = max(world.truth, key=lambda row: len(world.read(row.file)))
    path = info_of(fresh, largest.file)["url"].removeprefix(fresh.server.base_url)
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", fresh.server.port)) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nUser-Agent: facecorpus\r\n\r\n".encode())
    assert fresh.once(f"{fresh.server.base_url}/robots.txt").status_code == 200
    assert capfd.readouterr() == ("", "")


def test_the_server_stops_with_connections_open_and_its_port_can_be_used_again(world: DemoWorld) -> None:
    with DemoServer(world, port=0) as server:
        client = Client(server)
        assert client.once(f"{server.base_url}/robots.txt").status_code == 200
    with DemoServer(world, port=server.port) as again:
        assert again.api_url == server.api_url
        assert client.get(f"{again.base_url}/robots.txt").status_code == 200
    client.close()


def test_a_taken_port_is_said_in_one_sentence(world: DemoWorld) -> None:
    with DemoServer(world, port=0) as server, pytest.raises(FacecorpusError, match=rf"127\.0\.0\.1:{server.port}"):
        DemoServer(world, port=server.port)
