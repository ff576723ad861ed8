-- Seals: a hash of each row (seals.py), so that a row that nobody wrote is told. Triggers set it. Decisions, imports
-- and removals have none: decisions.jsonl vouches for them.
ALTER TABLE identity ADD COLUMN seal INTEGER;
ALTER TABLE candidate ADD COLUMN seal INTEGER;
ALTER TABLE discovery ADD COLUMN seal INTEGER;
ALTER TABLE mismatch ADD COLUMN seal INTEGER;
ALTER TABLE download ADD COLUMN seal INTEGER;
ALTER TABLE photo ADD COLUMN seal INTEGER;
ALTER TABLE face ADD COLUMN seal INTEGER;
ALTER TABLE ranking ADD COLUMN seal INTEGER;
ALTER TABLE conflict ADD COLUMN seal INTEGER;
ALTER TABLE takedown ADD COLUMN seal INTEGER;
ALTER TABLE decision_log ADD COLUMN seal INTEGER;

-- sha256 of the face's crop, as it was written; NULL where an earlier version cut it.
ALTER TABLE face ADD COLUMN crop_sha256 BLOB;

-- The files that a person edits, as the last command read them that wrote something.
CREATE TABLE file_read (
    name    TEXT PRIMARY KEY,
    sha256  TEXT NOT NULL,
    read_at TEXT NOT NULL,
    seal    INTEGER
) WITHOUT ROWID;
