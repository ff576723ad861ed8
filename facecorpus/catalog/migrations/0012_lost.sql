-- What people say of photographs, and of faces that no detector found; rows are only ever added.
DROP VIEW marked_photo;
DROP VIEW age_correction;
DROP VIEW verdict;
DROP VIEW latest;
CREATE TABLE journal (
    decision_id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice
    face_id     TEXT NOT NULL,                      -- of kind photograph: drawn.whole_photograph
    identity_id TEXT NOT NULL REFERENCES identity,  -- as whose picture the face is judged
    reviewer    TEXT NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('verdict', 'settle', 'age', 'removal', 'box', 'photograph')),
    verdict     TEXT NOT NULL CHECK (
        verdict = 'undecided'
        OR kind IN ('verdict', 'settle') AND verdict IN ('accept', 'reject')
        OR kind = 'age' AND verdict IN ('young', 'adult', 'old')
        OR kind = 'removal' AND verdict = 'remove'
        OR kind = 'box' AND verdict = 'drawn'
        OR kind = 'photograph' AND verdict = 'no_face'),
    reason      TEXT NOT NULL,                      -- of kind box: x,y,width,height in pixels of the photograph
    decided_at  TEXT NOT NULL,
    shown_as    TEXT NOT NULL REFERENCES identity,  -- on whose page it was said; there an undo takes it back
    import_id   INTEGER REFERENCES import           -- NULL: said here
);
INSERT INTO journal
    SELECT decision_id, face_id, identity_id, reviewer, kind, verdict, reason, decided_at, shown_as, import_id
    FROM decision;
DELETE FROM sqlite_sequence WHERE name = 'journal';
INSERT INTO sqlite_sequence SELECT 'journal', seq FROM sqlite_sequence WHERE name = 'decision';
DROP TABLE decision;
ALTER TABLE journal RENAME TO decision;
CREATE INDEX decision_by_face ON decision (face_id, reviewer, kind);
CREATE INDEX decision_by_page ON decision (shown_as);
-- A bystander, or a face that stands for somebody else, may be named on the page: it is found by whom it was named.
CREATE INDEX decision_by_person ON decision (identity_id, face_id);
CREATE INDEX decision_imported ON decision (import_id) WHERE import_id IS NOT NULL;
CREATE TRIGGER decision_is_append_only BEFORE UPDATE ON decision
    BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END;

CREATE VIEW latest AS
    SELECT * FROM decision AS said
    WHERE verdict != 'undecided' AND NOT EXISTS (
        SELECT 1 FROM decision AS later
        WHERE later.face_id = said.face_id AND later.reviewer = said.reviewer AND later.kind = said.kind
              AND later.decision_id > said.decision_id);
CREATE VIEW verdict AS
    SELECT face_id, identity_id, reviewer, verdict, reason, decided_at FROM latest AS best
    WHERE kind IN ('verdict', 'settle') AND NOT EXISTS (
        SELECT 1 FROM latest AS better
        WHERE better.face_id = best.face_id AND better.kind IN ('verdict', 'settle')
              AND (better.reviewer != 'auto', better.kind = 'settle', better.decision_id)
                  > (best.reviewer != 'auto', best.kind = 'settle', best.decision_id));
CREATE VIEW age_correction AS
    SELECT photo_sha256, latest.identity_id, verdict AS age_group, reviewer, decided_at, max(decision_id) AS decision_id
    FROM latest JOIN face USING (face_id) WHERE kind = 'age' GROUP BY photo_sha256, latest.identity_id;
CREATE VIEW marked_photo AS
    SELECT DISTINCT photo_sha256 FROM latest JOIN face USING (face_id) WHERE kind = 'removal';

-- A face that a person drew is there as long as somebody's box holds; the row is made anew from the box.
CREATE TRIGGER decision_takes_box_back AFTER INSERT ON decision WHEN NEW.kind = 'box' AND NEW.verdict = 'undecided'
    BEGIN
        DELETE FROM face WHERE face_id = NEW.face_id AND detector = 'person'
            AND NOT EXISTS (SELECT 1 FROM latest WHERE face_id = NEW.face_id AND kind = 'box');
    END;
