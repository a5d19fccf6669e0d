-- Up Migration

-- Whoever asks what is due asks hospital by hospital: one in which much waits hides none of the others.
create index notification_agenda_of_hospital on public.notification_agenda (queue, hospital_id, due_at);
drop index public.notification_agenda_due;
