-- Where a file lies until it is booked: run once in the object of each import. docs/storage.md describes every column.
CREATE TABLE import (id INTEGER PRIMARY KEY CHECK (id = 1), value TEXT NOT NULL);
CREATE TABLE pieces (position INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
CREATE TABLE rows (
  who TEXT NOT NULL, at INTEGER NOT NULL, rank INTEGER NOT NULL, number INTEGER NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (who, at, rank, number)
) WITHOUT ROWID;
CREATE TABLE people (
  number INTEGER PRIMARY KEY, who TEXT NOT NULL, is_row INTEGER NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL
);
CREATE INDEX people_who ON people (who);
CREATE TABLE identities (who TEXT PRIMARY KEY, member TEXT) WITHOUT ROWID;
CREATE INDEX identities_member ON identities (member, who);
CREATE TABLE faults (number INTEGER PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE members (id TEXT PRIMARY KEY, is_new INTEGER NOT NULL, locale TEXT) WITHOUT ROWID;
