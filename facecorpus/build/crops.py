"""The pictures of the shards: aligned crops cut from the originals and encoded once, or the originals themselves."""

import hashlib
import os
import signal
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from facecorpus.errors import BuildError, PictureError
from facecorpus.records import Box
from facecorpus.system.limits import bind_this_process
from facecorpus.system.spawn import without_main

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_AT_ONCE = 8  # tasks that a worker gets in one message
_AHEAD = 3  # messages a worker may be ahead of the writer: enough to keep it busy, few enough for memory


@dataclass(frozen=True, slots=True)
class CropTask:
    """One crop to cut."""

    photo: Path
    photo_sha256: str
    landmarks: "NDArray[np.float32]"  # (5, 2), pixels of the upright photograph
    size: int
    quality: int
    max_pixels: int
    whole: bool = False  # the photograph as it is, not a crop
    box: Box = (0, 0, 0, 0)  # of the face
    bystanders: tuple[Box, ...] = ()  # other faces, which a whole photograph shows blurred


def cut_crop(task: CropTask) -> bytes:
    """The JPEG bytes of one crop, (size, size, 3) RGB without chroma subsampling; of a whole photograph its own bytes.

    A whole photograph with bystanders is a JPEG, too, upright and in its own size.

    Raises BuildError where the photograph is missing, is not what its name says, or cannot be decoded.
    """
    from facecorpus.faces.align import aligned_crop
    from facecorpus.faces.bystanders import without_bystanders
    from facecorpus.faces.decode import decode
    from facecorpus.faces.jpeg import as_jpeg

    data = _original(task)
    if task.whole and not task.bystanders:
        return data
    try:
        picture = decode(data, task.max_pixels).picture
    except PictureError as error:
        raise BuildError(f"Photograph {task.photo} cannot be decoded any more ({error}); {_MEND}") from None
    if task.whole:
        return as_jpeg(without_bystanders(picture, task.bystanders, task.box), task.quality)
    return as_jpeg(aligned_crop(picture, task.landmarks, task.size), task.quality)


_MEND = "restore it from a copy, or reject its faces in facecorpus review, and build again."


def _original(task: CropTask) -> bytes:
    try:
        data = task.photo.read_bytes()
    except FileNotFoundError:
        raise BuildError(f"Photograph {task.photo} is missing; {_MEND}") from None
    if hashlib.sha256(data).hexdigest() != task.photo_sha256:
        raise BuildError(f"Photograph {task.photo} is damaged, its bytes have another sha256; {_MEND}")
    return data


def cut_crops(tasks: Iterable[CropTask], workers: int) -> Iterator[bytes]:
    """The crops in the order of the tasks, cut by that many processes (1: by this one).

    The bytes do not depend on the number. Raises what cut_crop raises.
    """
    if workers == 1:
        yield from map(cut_crop, tasks)
        return
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_begin_worker)
    under_way: deque[Future[list[bytes]]] = deque()
    remaining = iter(tasks)
    try:
        while some := list(islice(remaining, _AT_ONCE)):
            with without_main():  # the first call starts the processes
                under_way.append(pool.submit(_cut_some, some))
            if len(under_way) >= workers * _AHEAD:
                yield from under_way.popleft().result()
        while under_way:
            yield from under_way.popleft().result()
    except BrokenProcessPool:
        raise BuildError(
            "A worker process was ended from outside, perhaps for want of memory; build again,"
            " with fewer workers ([build] workers in corpus.toml)."
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _cut_some(tasks: Sequence[CropTask]) -> list[bytes]:
    return [cut_crop(task) for task in tasks]


def _begin_worker() -> None:
    import cv2

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the main process, and that ends this one
    bind_this_process()
    cv2.setNumThreads(1)  # one process per core already
    # libjpeg and libtiff write their complaints straight to stderr, through the progress bar of the main process.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Leave when the main process is gone, also by kill -9: a pool's workers would wait for ever."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
