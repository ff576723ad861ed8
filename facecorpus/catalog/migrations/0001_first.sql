-- Who is in the corpus: the manifest's rows. People taken out of the manifest stay, unlisted.
CREATE TABLE identity (
    identity_id TEXT PRIMARY KEY,
    position    INTEGER NOT NULL,       -- order in the manifest
    listed      INTEGER NOT NULL,       -- 1: in the manifest now
    name        TEXT NOT NULL,
    subgroup    TEXT                    -- gender/age_group/race; NULL where one is not stated
);

-- A URL that some source proposed for an identity. Its state is that of the latest download.
CREATE TABLE candidate (
    candidate_id INTEGER PRIMARY KEY,
    identity_id  TEXT NOT NULL REFERENCES identity,
    source       TEXT NOT NULL,
    url          TEXT NOT NULL,
    page_url     TEXT NOT NULL,
    rank         INTEGER NOT NULL,      -- position in the source's answer, from 0
    title        TEXT NOT NULL,
    licence      TEXT NOT NULL,         -- short name as the source states it; '' where it states none
    licence_url  TEXT NOT NULL,
    author       TEXT NOT NULL,
    taken_on     TEXT,                  -- ISO date, may be cut to the month or year
    state        TEXT NOT NULL DEFAULT 'pending'
                 CHECK (state IN ('pending', 'retry', 'stored', 'failed')),
    outcome      TEXT NOT NULL DEFAULT '',  -- of the latest try
    photo_sha256 TEXT REFERENCES photo,
    UNIQUE (identity_id, source, url)
);
CREATE INDEX candidate_by_state ON candidate (state, identity_id);
CREATE INDEX candidate_by_url ON candidate (url);
CREATE INDEX candidate_by_photo ON candidate (photo_sha256);

-- How far a source has been asked for an identity: one row when it has answered to the end.
CREATE TABLE discovery (
    identity_id TEXT NOT NULL REFERENCES identity,
    source      TEXT NOT NULL,
    proposed    INTEGER NOT NULL,       -- candidates the source gave
    finished_at TEXT NOT NULL,
    PRIMARY KEY (identity_id, source)
);

-- Each try to download a URL. Rows are only ever added.
CREATE TABLE download (
    download_id INTEGER PRIMARY KEY,
    url         TEXT NOT NULL,
    tried_at    TEXT NOT NULL,
    seconds     REAL NOT NULL,
    status      INTEGER,                -- HTTP status; NULL where none came
    outcome     TEXT NOT NULL,
    detail      TEXT NOT NULL,
    bytes       INTEGER NOT NULL
);
CREATE INDEX download_by_url ON download (url);

-- A photograph in the store.
CREATE TABLE photo (
    sha256     TEXT PRIMARY KEY,
    media_type TEXT NOT NULL,           -- by the bytes, not by the name
    bytes      INTEGER NOT NULL,
    width      INTEGER,                 -- upright pixels; NULL until analysed
    height     INTEGER,
    taken_on   TEXT,                    -- from EXIF
    phash      BLOB,                    -- 256 bits
    state      TEXT NOT NULL DEFAULT 'stored' CHECK (state IN ('stored', 'analysed', 'unreadable')),
    error      TEXT NOT NULL DEFAULT '',
    cluster_id TEXT                     -- near-duplicates share it; NULL until dedup has run
) WITHOUT ROWID;
CREATE INDEX photo_by_state ON photo (state);

-- A face found in a photograph. identity_id is the person as whose picture the face stands; NULL: a bystander.
CREATE TABLE face (
    face_id      TEXT PRIMARY KEY,      -- first 24 hex digits of the photograph's sha256, '-', number in it
    photo_sha256 TEXT NOT NULL REFERENCES photo,
    x REAL NOT NULL, y REAL NOT NULL, width REAL NOT NULL, height REAL NOT NULL,
    landmarks    BLOB NOT NULL,         -- 5 × 2 float32, pixels of the upright photograph
    detector     TEXT NOT NULL,
    score        REAL NOT NULL,
    embedding    BLOB NOT NULL,         -- 128 float32
    sharpness    REAL NOT NULL,
    brightness   REAL NOT NULL,
    contrast     REAL NOT NULL,
    yaw          REAL NOT NULL,
    phash        BLOB NOT NULL,         -- 256 bits, of the aligned face
    dhash        BLOB NOT NULL,
    identity_id  TEXT REFERENCES identity,
    kept         INTEGER NOT NULL DEFAULT 1   -- 0: a better copy is in the same cluster for the same person
) WITHOUT ROWID;
CREATE INDEX face_by_photo ON face (photo_sha256);
CREATE INDEX face_by_identity ON face (identity_id);

-- What rank.py says of each subject face; made anew at each ranking.
CREATE TABLE ranking (
    face_id   TEXT PRIMARY KEY REFERENCES face ON DELETE CASCADE,
    likely    REAL NOT NULL,            -- 0..1: how likely the face is right
    section   TEXT NOT NULL CHECK (section IN ('right', 'look', 'wrong')),
    reasons   TEXT NOT NULL             -- JSON list of short sentences
) WITHOUT ROWID;

-- Verdicts. Rows are only ever added; the latest of a reviewer counts.
CREATE TABLE decision (
    decision_id INTEGER PRIMARY KEY,
    face_id     TEXT NOT NULL,
    identity_id TEXT NOT NULL REFERENCES identity,  -- as whose picture the face was judged
    reviewer    TEXT NOT NULL,
    verdict     TEXT NOT NULL CHECK (verdict IN ('accept', 'reject', 'undecided')),
    reason      TEXT NOT NULL,
    decided_at  TEXT NOT NULL
);
CREATE INDEX decision_by_face ON decision (face_id);
CREATE TRIGGER decision_is_append_only BEFORE UPDATE ON decision
    BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END;

-- The verdict that counts for each face: of every reviewer's latest row the newest that is not withdrawn;
-- a person's word stands above the automatic policy's.
CREATE VIEW verdict AS
    SELECT face_id, identity_id, reviewer, verdict, reason, decided_at FROM (
        SELECT *, row_number() OVER (
            PARTITION BY face_id ORDER BY (reviewer = 'auto'), decision_id DESC) AS place
        FROM (
            SELECT *, row_number() OVER (PARTITION BY face_id, reviewer ORDER BY decision_id DESC) AS age
            FROM decision)
        WHERE age = 1 AND verdict != 'undecided')
    WHERE place = 1;

-- Taken down: never fetched again. key is the sha256 of a URL, or a photograph's own: the list names nobody.
CREATE TABLE removal (
    key        TEXT PRIMARY KEY,
    reason     TEXT NOT NULL,
    removed_at TEXT NOT NULL
) WITHOUT ROWID;
