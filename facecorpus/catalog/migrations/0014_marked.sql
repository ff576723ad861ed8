-- A photograph without a face can be marked for removal, too: by what stands for it where a decision has a face_id.
DROP VIEW marked_photo;
CREATE VIEW marked_photo AS
    SELECT DISTINCT sha256 AS photo_sha256 FROM latest
    JOIN photo ON sha256 >= substr(face_id, 1, 24) AND sha256 < substr(face_id, 1, 24) || 'g' WHERE kind = 'removal';
