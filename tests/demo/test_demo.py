"""The demo command where it must not run; the run itself is `make demo`."""

import socket
import subprocess
import sys
from pathlib import Path

from facecorpus.corpus import Corpus, init_corpus
from facecorpus.demo.server import DemoServer
from facecorpus.demo.world import DemoWorld


def demo(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "facecorpus", "demo", str(folder)], capture_output=True, text=True, check=False
    )


def test_a_folder_with_another_corpus_is_left_alone(corpus: Corpus) -> None:
    before = (corpus.root / "corpus.toml").read_bytes()
    ended = demo(corpus.root)
    assert ended.returncode == 2
    assert ended.stderr == (
        f"facecorpus: {corpus.root} holds another corpus than the demo's; name a new folder for the demo.\n"
    )
    assert (corpus.root / "corpus.toml").read_bytes() == before


def test_a_demo_that_goes_on_needs_the_port_that_it_began_with(tmp_path: Path) -> None:
    world = DemoWorld()
    world.write_manifest(tmp_path / "people.csv")
    root = init_corpus(tmp_path / "demo", tmp_path / "people.csv").root
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        settings = (root / "corpus.toml").read_text()
        address = "https://commons.wikimedia.org/w/api.php"
        assert address in settings
        (root / "corpus.toml").write_text(settings.replace(address, f"http://127.0.0.1:{port}/w/api.php"))
        ended = demo(root)
    assert ended.returncode == 2
    assert f"cannot listen on 127.0.0.1:{port}" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_server_is_gone_when_its_block_ends() -> None:
    with DemoServer(DemoWorld(), port=0) as server:
        port = server.port
        socket.create_connection(("127.0.0.1", port)).close()
    with socket.create_server(("127.0.0.1", port)):
        pass
