-- Messages that say whose readings they bring are held against the patient who wore the device then, by record number.
create trigger advance_ingest_epoch after update of mrn on patient
  for each statement execute function public.advance_ingest_epoch_of_schema();

grant select (id, mrn) on patient to hms_ingest;
