"""Ctrl-C while a loop keeps its books."""

import signal
import threading

import pytest

from facecorpus.crawl.interrupt import ctrl_c_tells

pytestmark = pytest.mark.usefixtures("ctrl_c")


def test_the_first_ctrl_c_tells_and_is_raised_when_the_block_has_ended() -> None:
    told: list[str] = []
    with pytest.raises(KeyboardInterrupt), ctrl_c_tells(lambda: told.append("told")):
        signal.raise_signal(signal.SIGINT)
        told.append("went on")
    assert told == ["told", "went on"]
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_a_second_ctrl_c_is_raised_at_once() -> None:
    told: list[str] = []
    with pytest.raises(KeyboardInterrupt), ctrl_c_tells(lambda: told.append("told")):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        told.append("went on")
    assert told == ["told"]


def test_an_error_of_the_block_goes_before_ctrl_c() -> None:
    with pytest.raises(ValueError, match="full"), ctrl_c_tells(lambda: None):
        signal.raise_signal(signal.SIGINT)
        raise ValueError("full")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_another_handler_is_left_alone() -> None:
    heard: list[int] = []
    signal.signal(signal.SIGINT, lambda number, frame: heard.append(number))
    with ctrl_c_tells(lambda: heard.append(0)):
        signal.raise_signal(signal.SIGINT)
    assert heard == [signal.SIGINT]


def test_another_thread_may_run_the_block() -> None:
    ended = threading.Event()

    def run() -> None:
        with ctrl_c_tells(ended.clear):
            ended.set()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert ended.is_set()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
