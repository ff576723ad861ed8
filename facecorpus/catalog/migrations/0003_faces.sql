-- Duplicates: a face whose very picture, in another photograph, stands for another person; both ways round.
CREATE TABLE conflict (
    face_id  TEXT NOT NULL REFERENCES face ON DELETE CASCADE,
    other_id TEXT NOT NULL REFERENCES face ON DELETE CASCADE,
    PRIMARY KEY (face_id, other_id)
) WITHOUT ROWID;
