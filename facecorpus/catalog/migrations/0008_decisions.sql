-- Decisions from other machines: each import has a number, so that it can be taken back as a whole.
CREATE TABLE import (
    import_id   INTEGER PRIMARY KEY AUTOINCREMENT,
    file        TEXT NOT NULL,          -- its name, without a folder
    imported_at TEXT NOT NULL
);
ALTER TABLE decision ADD COLUMN import_id INTEGER REFERENCES import;  -- NULL: said here
CREATE INDEX decision_imported ON decision (import_id) WHERE import_id IS NOT NULL;

-- What this catalog received last counts, not what claims the latest time: a file from elsewhere may claim any.
DROP VIEW verdict;
CREATE VIEW verdict AS
    SELECT face_id, identity_id, reviewer, verdict, reason, decided_at FROM latest AS best
    WHERE kind IN ('verdict', 'settle') AND NOT EXISTS (
        SELECT 1 FROM latest AS better
        WHERE better.face_id = best.face_id AND better.kind IN ('verdict', 'settle')
              AND (better.reviewer != 'auto', better.kind = 'settle', better.decision_id)
                  > (best.reviewer != 'auto', best.kind = 'settle', best.decision_id));

-- The log decisions.jsonl as this catalog wrote it last; no row: none was written yet.
CREATE TABLE decision_log (
    bytes       INTEGER NOT NULL,
    head        TEXT NOT NULL,          -- sha256 of its last line
    decision_id INTEGER NOT NULL,       -- the latest decision in it
    import_id   INTEGER NOT NULL        -- the latest import in it
);

-- Removals that are not in the log yet.
CREATE TABLE removal_unlogged (key TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TRIGGER removal_is_to_log AFTER INSERT ON removal
    BEGIN INSERT INTO removal_unlogged VALUES (NEW.key) ON CONFLICT DO NOTHING; END;
