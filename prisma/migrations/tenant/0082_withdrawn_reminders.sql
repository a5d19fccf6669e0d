-- Up Migration

-- Whoever is about to send a reminder looks whether its appointment still stands.
create index reminder_of_notification on reminder (notification_id) where notification_id is not null;
