-- Up Migration

-- The epoch moves before any reading does: whoever stores readings holds it, and either has committed before they are
-- moved, or waits for this and finds out that another wears the device.
drop trigger advance_ingest_epoch on device_assignment;
create trigger advance_ingest_epoch before insert or update or delete on device_assignment
  for each statement execute function public.advance_ingest_epoch_of_schema();
