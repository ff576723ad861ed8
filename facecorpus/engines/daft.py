"""Many machines: the same analysis through Daft, on its own threads or on the Ray cluster that it is given.

Daft (https://docs.daft.ai) plans and spreads the work, and Ray runs a task again whose machine has died; nothing
of that is done here. The photographs go in parts: one query a part, its rows written as a Parquet file before the
catalog hears of them, so that a kill costs the part in hand and no more.
"""

import hashlib
import logging
import os
import socket
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facecorpus.engines import local
from facecorpus.engines.examine import describe_all, look
from facecorpus.engines.rows import Result, results, row, schema
from facecorpus.errors import EngineError, ModelError
from facecorpus.settings import FacesSettings
from facecorpus.system.console import notice
from facecorpus.system.cores import available_cores
from facecorpus.system.limits import bind_this_process

if TYPE_CHECKING:
    import daft

_PART = 250  # photographs a worker in one part: long enough to drown a query's start, short enough to lose
_BATCH = 8  # photographs that a worker takes at once


def analyze_parts(
    items: Sequence[local.Task], settings: FacesSettings, max_pixels: int, folder: Path
) -> Iterator[list[Result]]:
    """Analyse photographs (sha256, file) through Daft; yield the results of one part after another.

    Rows go to a Parquet file in `folder` first; parts that an interrupted run left there are yielded before anything
    is asked, and a part's file goes away when the next one is asked for. A part that fails twice is analysed on this
    machine, where a picture that ends its worker costs that picture alone. Raises EngineError where Daft is not
    installed or the cluster cannot be reached, ModelError where the workers cannot load their models.
    """
    known = dict(items)
    for path in sorted(folder.glob("*.parquet")):
        yield [result for result in _read(path) if known.pop(result[0], None)]
        path.unlink()
    engine = _Engine(settings, max_pixels)
    waiting = list(known.items())
    for start in range(0, len(waiting), _PART * engine.workers):
        path = engine.run(waiting[start : start + _PART * engine.workers], folder)
        yield _read(path)
        path.unlink()


class _Engine:
    """Daft, started on what the settings name."""

    def __init__(self, settings: FacesSettings, max_pixels: int) -> None:
        # Both tell their makers of each use unless told not to; nobody here asked for that.
        os.environ.setdefault("DO_NOT_TRACK", "1")
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        try:
            import daft
        except ImportError:
            raise EngineError(
                "Engine 'daft' needs the package daft; install it with: pip install 'facecorpus[daft]',"
                " or set engine to local in [faces]."
            ) from None
        self._settings = settings
        self._max_pixels = max_pixels
        self.workers = _join_cluster(settings.ray_address) if settings.ray_address else available_cores()
        if settings.workers:
            self.workers = settings.workers
        if not settings.ray_address:
            daft.set_runner_native()
        self._analyst = daft.udf(
            return_dtype=_daft_type(), batch_size=_BATCH, concurrency=self.workers, use_process=True
        )(Analyst).with_init_args(settings, max_pixels)

    def run(self, part: Sequence[local.Task], folder: Path) -> Path:
        """Analyse a part and write its rows; return the file."""
        for _ in range(2):
            try:
                return _write(self._query(part), folder)
            except Exception as error:
                problem = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
                if ModelError.__name__ in str(error):
                    raise ModelError(f"The workers could not load the face models ({problem}).") from None
        notice(f"Daft failed twice on {len(part)} photographs ({problem}); they are analysed on this machine.")
        rows = [row(result) for _, result in local.analyze_all(part, self._settings, self._max_pixels)]
        return _write(rows, folder)

    def _query(self, part: Sequence[local.Task]) -> list[dict[str, Any]]:
        import daft

        address = self._settings.photos_address
        urls = [f"{address.rstrip('/')}/{'/'.join(path.parts[-3:])}" if address else str(path) for _, path in part]
        frame = daft.from_pydict({"sha256": [sha256 for sha256, _ in part], "url": urls})
        if self._settings.ray_address:
            frame = frame.into_partitions(max(1, min(self.workers * 4, len(part) // _BATCH)))
        rows = frame.select(self._analyst(frame["sha256"], frame["url"]).alias("row")).to_pydict()["row"]
        return list(rows)


class Analyst:
    """A worker: loads the models once, then turns addresses into rows; Daft makes one a process."""

    def __init__(self, settings: FacesSettings, max_pixels: int) -> None:
        import cv2
        import torch

        from facecorpus.faces.models import load_models

        cv2.setNumThreads(1)
        torch.set_num_threads(1)
        self._models = load_models(settings)
        bind_this_process()
        self._settings = settings
        self._max_pixels = max_pixels

    def __call__(self, sha256: "daft.Series", url: "daft.Series") -> list[dict[str, Any]]:
        """The rows of a batch of photographs."""
        names = sha256.to_pylist()
        looked = [
            look(name, partial(_read_address, address), self._models, self._settings, self._max_pixels)
            for name, address in zip(names, url.to_pylist(), strict=True)
        ]
        return [row(result) for result in describe_all(looked, self._models)]


def _read_address(address: str) -> bytes:
    import fsspec

    with fsspec.open(address, "rb") as file:
        return bytes(file.read())


def _join_cluster(address: str) -> int:
    """Join the Ray cluster; return how many cores it has."""
    import daft

    try:
        import ray

        host, _, port = address.removeprefix("ray://").rpartition(":")
        with socket.create_connection((host, int(port)), timeout=10):  # Ray itself would ask for minutes
            pass
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, ignore_reinit_error=True)
        daft.set_runner_ray(noop_if_initialized=True)
        resources: dict[str, float] = ray.cluster_resources()
    except (ImportError, OSError, ValueError, RuntimeError) as error:
        raise EngineError(
            f"The Ray cluster {address} cannot be joined ({error}); set ray_address in [faces] to a running one"
            " (started with: ray start --head), or leave it empty for this machine alone."
        ) from None
    return max(1, int(resources.get("CPU", 1)))


def _daft_type() -> "daft.DataType":
    import daft
    import pyarrow as pa

    return daft.DataType.from_arrow_type(pa.struct(list(schema())))


def _write(rows: Sequence[dict[str, Any]], folder: Path) -> Path:
    """Write the rows under a name made of their photographs', as a whole."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from facecorpus.store import write_atomically

    rows = sorted(rows, key=lambda row: str(row["sha256"]))
    name = hashlib.sha256("".join(str(row["sha256"]) for row in rows).encode()).hexdigest()[:24]
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(list(rows), schema=schema()), sink)
    path = folder / f"{name}.parquet"
    write_atomically(path, sink.getvalue().to_pybytes(), folder)
    return path


def _read(path: Path) -> list[Result]:
    import pyarrow.parquet as pq

    return list(results(pq.read_table(path)))
