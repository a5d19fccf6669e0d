-- Up Migration

-- Files that `hms import` has stored, or begun to.
create table telemetry_import (
  id           text primary key check (length(id) between 1 and 64),
  -- of the file's size, beginning and end: another file needs another id
  fingerprint  bytea not null check (length(fingerprint) = 32),
  started_at   timestamptz not null default now()
);

-- A chunk is written in the transaction of its rows: it is here when they are stored, and only then. The next one
-- begins where it ends.
create table telemetry_import_chunk (
  import_id     text not null references telemetry_import,
  -- rows of the file, from 0
  start_row     bigint not null check (start_row >= 0),
  row_count     int not null check (row_count > 0),
  -- where the file goes on after it: byte from 0, line from 1
  byte_offset   bigint not null,
  next_line     bigint not null,
  accepted      int not null,
  duplicates    int not null,
  unassigned    int not null,
  rejected      int not null,
  -- how long the file of rejects was after it
  rejects_bytes bigint not null,
  committed_at  timestamptz not null default now(),
  primary key (import_id, start_row),
  check (accepted + duplicates + rejected = row_count)
);
