-- Faces to look at, of one person, that are so alike that one word decides them all, have the same number.
ALTER TABLE ranking ADD COLUMN alike INTEGER;  -- NULL: like no other
