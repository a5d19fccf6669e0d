-- Up Migration

-- They act as the owner on tables named by their trigger, which only the owner may hang them on.
revoke all on function public.keep_alarm_agenda() from public;
revoke all on function public.advance_ingest_epoch_of_hospital() from public;
revoke all on function public.advance_ingest_epoch_of_row() from public;
revoke all on function public.advance_ingest_epoch_of_schema() from public;
