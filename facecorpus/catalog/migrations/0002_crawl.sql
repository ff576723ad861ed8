-- Sources.
-- How many photographs of the person were wanted when a source was stopped; NULL: it had no more to give. What an
-- earlier version noted is asked once more where more are wanted than it proposed.
ALTER TABLE discovery ADD COLUMN stopped_at INTEGER;
UPDATE discovery SET stopped_at = proposed;

-- Why nothing may be crawled for a person: a source knows somebody of that name, but the manifest says otherwise.
CREATE TABLE mismatch (
    identity_id TEXT PRIMARY KEY REFERENCES identity,
    sentence    TEXT NOT NULL,
    found_at    TEXT NOT NULL
) WITHOUT ROWID;

ALTER TABLE candidate ADD COLUMN found_by TEXT NOT NULL DEFAULT '';  -- which way of its source led there
ALTER TABLE candidate ADD COLUMN sha256 TEXT NOT NULL DEFAULT '';    -- of the bytes, as the list states it; '': none
ALTER TABLE candidate ADD COLUMN box TEXT NOT NULL DEFAULT '';       -- x,y,width,height of the face, as stated
