-- A face of another person's photograph, or a bystander's, may be named on the page: it is found by whom it was named.
DROP INDEX decision_moved;
CREATE INDEX decision_by_person ON decision (identity_id, face_id);
