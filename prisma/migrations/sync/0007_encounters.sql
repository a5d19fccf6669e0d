-- Up Migration

-- Encounters are held offline, too.
insert into sync.entity values (7, 'encounters', 'encounter', 'patient_id', null);
