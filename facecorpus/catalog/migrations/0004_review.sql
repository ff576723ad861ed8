-- The journal holds everything that a person says of a face, not verdicts alone. Rows are only ever added.
DROP VIEW verdict;
CREATE TABLE journal (
    decision_id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice
    face_id     TEXT NOT NULL,
    identity_id TEXT NOT NULL REFERENCES identity,  -- as whose picture the face is judged
    reviewer    TEXT NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('verdict', 'settle', 'age', 'removal')),
    verdict     TEXT NOT NULL CHECK (
        verdict = 'undecided'
        OR kind IN ('verdict', 'settle') AND verdict IN ('accept', 'reject')
        OR kind = 'age' AND verdict IN ('young', 'adult', 'old')
        OR kind = 'removal' AND verdict = 'remove'),
    reason      TEXT NOT NULL,
    decided_at  TEXT NOT NULL,
    shown_as    TEXT NOT NULL REFERENCES identity   -- on whose page it was said; there an undo takes it back
);
INSERT INTO journal
    SELECT decision_id, face_id, identity_id, reviewer, 'verdict', verdict, reason, decided_at, identity_id FROM decision;
DROP TABLE decision;
ALTER TABLE journal RENAME TO decision;
CREATE INDEX decision_by_face ON decision (face_id, reviewer, kind);
CREATE INDEX decision_by_page ON decision (shown_as);
CREATE INDEX decision_moved ON decision (identity_id) WHERE identity_id != shown_as;
CREATE TRIGGER decision_is_append_only BEFORE UPDATE ON decision
    BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END;

-- What each reviewer says last of a face, in each kind, unless it was withdrawn.
CREATE VIEW latest AS
    SELECT * FROM decision AS said
    WHERE verdict != 'undecided' AND NOT EXISTS (
        SELECT 1 FROM decision AS later
        WHERE later.face_id = said.face_id AND later.reviewer = said.reviewer AND later.kind = said.kind
              AND later.decision_id > said.decision_id);

-- The verdict that counts for each face: what settled a disagreement before any reviewer's own, a person's before the
-- automatic policy's, and of these the newest.
CREATE VIEW verdict AS
    SELECT face_id, identity_id, reviewer, verdict, reason, decided_at FROM latest AS best
    WHERE kind IN ('verdict', 'settle') AND NOT EXISTS (
        SELECT 1 FROM latest AS better
        WHERE better.face_id = best.face_id AND better.kind IN ('verdict', 'settle')
              AND (better.reviewer != 'auto', better.kind = 'settle', better.decided_at, better.decision_id)
                  > (best.reviewer != 'auto', best.kind = 'settle', best.decided_at, best.decision_id));

-- The age group that people see in a photograph of a person, where the manifest's does not hold in it.
CREATE VIEW age_correction AS
    SELECT photo_sha256, latest.identity_id, verdict AS age_group, reviewer, decided_at, max(decision_id) AS decision_id
    FROM latest JOIN face USING (face_id) WHERE kind = 'age' GROUP BY photo_sha256, latest.identity_id;

-- Photographs that people want taken down everywhere; `forget --marked` does it.
CREATE VIEW marked_photo AS
    SELECT DISTINCT photo_sha256 FROM latest JOIN face USING (face_id) WHERE kind = 'removal';

CREATE INDEX photo_by_cluster ON photo (cluster_id);
