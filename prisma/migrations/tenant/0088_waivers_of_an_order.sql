-- Up Migration

-- What was waived counts for the order it was waived of: a discharge that is taken back and ordered again is looked at anew.
alter table discharge_waiver add column ordered_at timestamptz;
update discharge_waiver w
   set ordered_at = case when w.waived_at >= d.ordered_at then d.ordered_at else w.waived_at end
  from discharge d
 where d.admission_id = w.admission_id;
alter table discharge_waiver
  alter column ordered_at set not null,
  drop constraint discharge_waiver_pkey,
  add constraint discharge_waiver_pkey primary key (admission_id, item, ordered_at);
