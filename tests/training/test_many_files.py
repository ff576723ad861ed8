"""Shards in many files: each part of the images is read from the files that hold it alone."""

from itertools import accumulate, pairwise
from pathlib import Path

import pytest
from training_shards import coloured_rows, write_shards

from training.data.shards import encoded_images, read_shards


@pytest.mark.parametrize("files", [1, 3, 11])
def test_a_range_of_rows_is_read_from_its_files_alone(files: int, tmp_path: Path) -> None:
    shards = read_shards(write_shards(tmp_path, coloured_rows(4, 9), files=files))
    assert sum(shards.file_rows) == len(shards) and len(shards.file_rows) == files
    everything = list(encoded_images(shards.files, 0, len(shards)))
    starts = [0, *accumulate(shards.file_rows)]
    for start, stop in pairwise([0, 1, 5, 13, 14, 30, len(shards)]):
        some, before = shards.files_of(start, stop)
        assert list(encoded_images(some, start - before, stop - before)) == everything[start:stop]
        needed = [file for place, file in enumerate(shards.files) if starts[place] < stop and starts[place + 1] > start]
        assert list(some) == needed
