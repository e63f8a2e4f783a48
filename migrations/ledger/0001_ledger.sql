-- The member ledger's schema, run once in each member's object. Append-only: a change is a new file.
-- docs/storage.md describes every column.
CREATE TABLE state (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  schema INTEGER NOT NULL,
  value TEXT NOT NULL
);

CREATE TABLE entries (
  seq INTEGER PRIMARY KEY,
  kind INTEGER NOT NULL,
  points INTEGER NOT NULL,
  occurred_at INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL,
  thread_hash INTEGER,
  texts TEXT,
  body TEXT NOT NULL,
  hash BLOB NOT NULL,
  key_hash INTEGER,
  key TEXT,
  fingerprint BLOB,
  content BLOB,
  span INTEGER,
  standing TEXT
);

-- Hashes of 48 bits: the text is compared after the hit, and the object's single thread makes it unique.
CREATE INDEX entries_key ON entries (key_hash) WHERE key_hash IS NOT NULL;
CREATE INDEX entries_thread ON entries (thread_hash) WHERE thread_hash IS NOT NULL;

CREATE TABLE lots (
  expires_at INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  active_at INTEGER,
  remaining INTEGER NOT NULL,
  held INTEGER NOT NULL,
  PRIMARY KEY (expires_at, seq)
) WITHOUT ROWID;

CREATE TABLE memos (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;
