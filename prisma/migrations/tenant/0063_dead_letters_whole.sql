-- Up Migration

-- A message is kept whole: as long as one may be. The broker's limit is in bytes, of which a character is at least one.
alter table telemetry_dead_letter
  drop constraint telemetry_dead_letter_message_check,
  add constraint telemetry_dead_letter_message_check check (length(message) <= 262144);

-- Ingest counts those nobody decided about.
grant select (state) on telemetry_dead_letter to hms_ingest;
