-- Taking back. The secret by which removals are keyed: without it nobody can look up whether a name is on the list.
CREATE TABLE removal_secret (secret BLOB NOT NULL);
INSERT INTO removal_secret VALUES (randomblob(32));

-- Until now a key was the sha256 of an address, or a photograph's own.
UPDATE OR REPLACE removal SET key = removal_key(key);
UPDATE OR REPLACE candidate SET url = removal_key(url) WHERE outcome = 'removed' AND host = '' AND length(url) = 64
    AND url NOT GLOB '*[^0-9a-f]*';
UPDATE download SET url = removal_key(url) WHERE length(url) = 64 AND url NOT GLOB '*[^0-9a-f]*';

-- What is being taken down: written before anything goes, so that a killed forget can be finished. The plan is blank
-- once all is gone but the traces in free pages and the journal.
CREATE TABLE takedown (
    takedown_id INTEGER PRIMARY KEY AUTOINCREMENT,
    plan        TEXT NOT NULL        -- JSON
);
