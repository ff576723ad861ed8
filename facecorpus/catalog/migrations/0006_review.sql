-- A person's page is read from here alone: the table itself holds a descriptor and two hashes a face.
DROP INDEX face_by_identity;
CREATE INDEX face_shown ON face (identity_id, face_id, photo_sha256, kept, x, y, width, height);
