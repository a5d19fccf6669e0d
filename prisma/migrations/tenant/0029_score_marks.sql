-- Up Migration

-- What a patient's last evaluation saw, as far as scores tell it apart: who evaluates holds the row, so that of several
-- processes the last one knows all, and what one saw reaches the others. `writer` is the process (telemetry_flush).
create table score_mark (
  patient_id  uuid primary key references patient,
  mark        text not null default '',
  writer      smallint not null,
  marked_at   timestamptz not null default clock_timestamp()
);
create index score_mark_by_time on score_mark (marked_at);

do $$ begin
  grant select, insert, update on score_mark to hms_ingest;
end $$;
