-- The detector and the settings that found the photograph's faces, or none in it; '' where that was not noted yet.
ALTER TABLE photo ADD COLUMN analysed_by TEXT NOT NULL DEFAULT '';
