-- Duplicates: a face whose very picture, in another photograph, stands for another person; both ways round.
CREATE TABLE conflict (
    face_id  TEXT NOT NULL REFERENCES face ON DELETE CASCADE,
    other_id TEXT NOT NULL REFERENCES face ON DELETE CASCADE,
    PRIMARY KEY (face_id, other_id)
) WITHOUT ROWID;

-- Faces: how often the machine, not the picture, was at fault for an analysis that failed (memory, a killed process).
ALTER TABLE photo ADD COLUMN faults INTEGER NOT NULL DEFAULT 0;
-- Measures of the aligned face; NULL where a face was analysed before they were taken.
ALTER TABLE face ADD COLUMN pitch REAL;   -- degrees, above 0 as the renderer and most of the field count it: down
ALTER TABLE face ADD COLUMN roll REAL;    -- degrees, above 0 clockwise in the picture
ALTER TABLE face ADD COLUMN dark REAL;    -- share of pixels at most at grey level 5
ALTER TABLE face ADD COLUMN light REAL;   -- share of pixels at least at grey level 250
ALTER TABLE face ADD COLUMN chroma REAL;  -- mean distance of the channels, grey levels; near 0: a greyscale picture
