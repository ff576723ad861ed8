"""What is packed as the demo's world: pictures, dirt, truth, manifest, licence."""

import hashlib
import io
import runpy
import zipfile
from collections import Counter
from importlib import resources
from pathlib import Path

from demo_client import first
from PIL import Image, ImageOps

from facecorpus.demo.world import ARCHIVE, LARGEST_ARCHIVE, DemoWorld
from facecorpus.manifest import SUBGROUPS, read_manifest


def test_the_archive_is_small_enough_to_ship() -> None:
    data = resources.files("facecorpus.demo").joinpath(ARCHIVE).read_bytes()
    assert len(data) <= LARGEST_ARCHIVE == 12 * 1024 * 1024


def test_the_truth_speaks_of_exactly_the_packed_files(world: DemoWorld) -> None:
    with zipfile.ZipFile(io.BytesIO(resources.files("facecorpus.demo").joinpath(ARCHIVE).read_bytes())) as archive:
        packed = set(archive.namelist())
        assert {member.compress_type for member in archive.infolist()} == {zipfile.ZIP_STORED}
    files = [row.file for row in world.truth]
    assert len(files) == len(set(files))
    assert packed == {*files, "README.md", "identities.csv", "truth.csv"}


def test_everybody_is_there_in_all_24_subgroups_with_as_many_photographs_as_the_others(world: DemoWorld) -> None:
    assert len(world.identities) == 77
    assert {f"{p.gender}/{p.age_group}/{p.race}" for p in world.identities} == set(SUBGROUPS)
    photos = Counter(row.query_identity for row in world.truth if row.kind == "photo")
    assert set(photos) == {person.identity_id for person in world.identities}
    assert min(photos.values()) >= 12
    assert max(photos.values()) - min(photos.values()) <= 2


def test_every_kind_of_dirt_and_every_format_is_there(world: DemoWorld) -> None:
    kinds = Counter(row.kind for row in world.truth)
    formats = Counter(row.format for row in world.truth)
    dirt = {"exact_duplicate", "near_duplicate", "wrong_person", "group", "no_face", "tiny", "broken"}
    assert set(kinds) == {"photo", *dirt}
    assert min(kinds.values()) >= 10
    assert set(formats) == {
        "jpeg",
        "jpeg_grey",
        "jpeg_cmyk",
        "jpeg_exif",
        "png",
        "bmp",
        "gif",
        "webp",
        "lying",
    }
    assert min(formats.values()) >= 3


def test_the_originals_of_all_duplicates_are_there_and_exact_ones_are_equal(world: DemoWorld) -> None:
    copies = [row for row in world.truth if row.duplicate_of]
    assert {row.kind for row in copies} == {"exact_duplicate", "near_duplicate", "tiny", "wrong_person"}
    for row in copies:
        assert row.duplicate_of is not None
        original = world.truth_of(row.duplicate_of)
        if row.kind == "wrong_person":  # reposted under another's name, with or without new bytes
            assert original.query_identity == row.true_identity != row.query_identity
        else:
            same = world.read(row.file) == world.read(original.file)
            assert same == (row.kind == "exact_duplicate"), row.file


def test_the_truth_has_the_size_of_the_upright_pictures(world: DemoWorld) -> None:
    for row in world.truth[::9]:
        if row.kind != "broken":
            with Image.open(io.BytesIO(world.read(row.file))) as picture:
                assert ImageOps.exif_transpose(picture).size == (row.width, row.height), row.file


def test_the_truth_is_typed_and_empty_fields_are_none(world: DemoWorld) -> None:
    broken, group = first(world, kind="broken"), first(world, kind="group")
    assert (broken.true_identity, broken.face_x, broken.width, broken.taken_on) == (None,) * 4
    assert group.face_w is not None and group.face_w > 20
    assert all(other.identity_id.startswith("id") and other.width > 0 and other.height > 0 for other in group.others)
    assert len(group.others) >= 1


def test_packing_the_unpacked_archive_gives_the_same_bytes(world: DemoWorld, tmp_path: Path) -> None:
    script = runpy.run_path(str(Path(__file__).parents[2] / "benchmarks" / "make_demo_world.py"))
    data = resources.files("facecorpus.demo").joinpath(ARCHIVE).read_bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        archive.extractall(tmp_path)
    entries = script["read_entries"](tmp_path)
    assert len(script["choose"](entries)) < len(entries) == len(world.truth)  # it would drop some dirt again
    assert script["pack"](tmp_path, entries) == data


def test_the_archive_carries_its_licence(world: DemoWorld) -> None:
    assert "CC0 1.0" in world.licence
    assert "MakeHuman" in world.licence
    assert "No real person" in world.licence


def test_the_manifest_is_valid_and_collects_nobody_under_age(world: DemoWorld, tmp_path: Path) -> None:
    path = tmp_path / "manifest.csv"
    world.write_manifest(path)
    manifest = read_manifest(path)
    assert [(i.identity_id, i.name) for i in manifest.identities] == [(p.identity_id, p.name) for p in world.identities]
    assert all(identity.commons_category == identity.name for identity in manifest.identities)
    assert not any(identity.wikidata_id or identity.wikipedia_title for identity in manifest.identities)
    assert all(identity.photos_from - identity.birth_year >= 19 for identity in manifest.identities)
    assert all("renderer" in identity.race_source for identity in manifest.identities)
    held = Counter(
        row.query_identity
        for row in world.truth
        if row.kind == "photo" and manifest[row.query_identity].holds_on(row.taken_on)
    )
    assert len(held) == 77
    assert held.total() > 800


def test_a_url_leads_back_to_its_file_on_whatever_port(world: DemoWorld) -> None:
    titles = {world.title_of(row.file) for row in world.truth}
    assert len(titles) == len(world.truth)
    row = world.truth[0]
    title = world.title_of(row.file)
    assert title.startswith(f"File:{world.identities[0].name} ")
    name = title.removeprefix("File:").replace(" ", "_")
    digest = hashlib.md5(name.encode()).hexdigest()
    folder = f"{digest[0]}/{digest[:2]}"
    for url in (
        f"http://127.0.0.1:1234/images/{folder}/{name}",
        f"http://127.0.0.1:8765/images/thumb/{folder}/{name}/250px-{name}",
        f"http://localhost/wiki/File:{name}",
    ):
        assert world.file_of_url(url) == row.file
    assert world.file_of_url("http://127.0.0.1:8765/wiki/File:Nobody.jpg") is None
    assert world.file_of_url("http://127.0.0.1:8765/w/api.php") is None
