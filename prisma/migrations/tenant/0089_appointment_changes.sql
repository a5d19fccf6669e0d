-- Up Migration

-- Who may have been missed: looked for each minute, and few among all that ever were.
create index appointment_awaited on appointment (lower(during)) where status in ('booked', 'confirmed');

-- What is written with an appointment was overwritten without a trace; its states are in state_history already. The platform
-- itself writes nothing.
create trigger record_change after update of reason, notes, contact_phone, doctor_name, clinic_name on appointment
  for each row
  when ((new.reason, new.notes, new.contact_phone, new.doctor_name, new.clinic_name)
        is distinct from (old.reason, old.notes, old.contact_phone, old.doctor_name, old.clinic_name))
  execute function record_change();
