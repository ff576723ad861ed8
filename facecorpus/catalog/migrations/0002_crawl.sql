-- In whose lane a candidate is fetched: host[:port] of its URL, '' where it has none.
ALTER TABLE candidate ADD COLUMN host TEXT NOT NULL DEFAULT '';
UPDATE candidate SET host = host_of(url);

-- What a later request can ask with: If-None-Match and If-Modified-Since (RFC 9110 §13.1).
ALTER TABLE download ADD COLUMN etag TEXT NOT NULL DEFAULT '';
ALTER TABLE download ADD COLUMN last_modified TEXT NOT NULL DEFAULT '';

-- The queue: small when little waits, and read in the order of fetching, a page at a time.
CREATE INDEX candidate_waiting ON candidate (host, identity_id, rank, candidate_id)
    WHERE state IN ('pending', 'retry');

-- The counts of `status`, without a look at the table itself.
DROP INDEX candidate_by_state;
CREATE INDEX candidate_by_identity ON candidate (identity_id, state, outcome);
DROP INDEX candidate_by_photo;
CREATE INDEX candidate_by_photo ON candidate (photo_sha256, identity_id) WHERE photo_sha256 IS NOT NULL;
CREATE INDEX candidate_by_portrayed ON candidate (identity_id, photo_sha256, state) WHERE photo_sha256 IS NOT NULL;
CREATE INDEX candidate_outside ON candidate (identity_id, taken_on) WHERE outcome = 'outside_period';

-- Sources.
-- How many photographs of the person were wanted when a source was stopped; NULL: it had no more to give. What an
-- earlier version noted is asked once more where more are wanted than it proposed.
ALTER TABLE discovery ADD COLUMN stopped_at INTEGER;
UPDATE discovery SET stopped_at = proposed;

-- Why nothing may be crawled for a person: a source knows somebody of that name, but the manifest says otherwise.
CREATE TABLE mismatch (
    identity_id TEXT PRIMARY KEY REFERENCES identity,
    sentence    TEXT NOT NULL,
    found_at    TEXT NOT NULL
) WITHOUT ROWID;

ALTER TABLE candidate ADD COLUMN found_by TEXT NOT NULL DEFAULT '';  -- which way of its source led there
ALTER TABLE candidate ADD COLUMN sha256 TEXT NOT NULL DEFAULT '';    -- of the bytes, as the list states it; '': none
ALTER TABLE candidate ADD COLUMN box TEXT NOT NULL DEFAULT '';       -- x,y,width,height of the face, as stated
