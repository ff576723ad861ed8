-- A photograph without a face can be marked for removal, too: by what stands for it where a decision has a face_id.
-- CROSS JOIN has SQLite begin with the few marks.
DROP VIEW marked_photo;
CREATE VIEW marked_photo AS
    SELECT DISTINCT sha256 AS photo_sha256 FROM latest
    CROSS JOIN photo ON sha256 >= substr(face_id, 1, 24) AND sha256 < substr(face_id, 1, 24) || 'g'
    WHERE kind = 'removal';
CREATE INDEX decision_marked ON decision (face_id) WHERE kind = 'removal';
