-- Up Migration

-- Deleting a patient waits for those who write a row of theirs meanwhile, and they for it, as moving one does: an update of a
-- column of a unique index excludes `for key share`. Else a row could be written and sent after the deletion had logged all
-- rows of the patient, and before it was committed: devices kept it.
create unique index patient_by_place on patient (id, ward_id, deleted_at);
drop index patient_by_ward;
