"""The demo's pictures as a person has them: a folder with one sub-folder for each of some people."""

from pathlib import Path

import demo_photographs

PEOPLE = ("id003", "id027", "id050", "id074")  # both genders, all age groups, three races


def write_album(folder: Path, each: int) -> Path:
    """The first pictures that the demo's web proposes for each of four people, wrong and broken ones among them."""
    world = demo_photographs.world()
    for person in (one for one in world.identities if one.identity_id in PEOPLE):
        home = folder / person.name
        home.mkdir(parents=True)
        for row in [row for row in world.truth if row.query_identity == person.identity_id][:each]:
            (home / Path(row.file).name).write_bytes(world.read(row.file))
    return folder
