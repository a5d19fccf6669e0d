-- Up Migration

-- Readings a second each process of ingest takes of the hospital; null: as many as its fair share allows.
alter table public.hospital add column telemetry_rows_per_second int
  check (telemetry_rows_per_second between 1 and 1000000);
