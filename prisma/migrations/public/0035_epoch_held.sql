-- Up Migration

-- To hold a row takes the right to change some column of it, which a foreign key keeps from meaning anything.
grant update (hospital_id) on public.ingest_epoch to hms_ingest;
