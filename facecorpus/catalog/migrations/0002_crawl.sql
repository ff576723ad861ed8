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
CREATE INDEX candidate_by_portrayed ON candidate (identity_id, photo_sha256) WHERE photo_sha256 IS NOT NULL;
CREATE INDEX candidate_outside ON candidate (identity_id, taken_on) WHERE outcome = 'outside_period';
