-- What tells a file of a source, whatever its address is now; '' where the address alone does.
ALTER TABLE candidate ADD COLUMN file_id TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX candidate_file ON candidate (identity_id, source, file_id) WHERE file_id != '';
