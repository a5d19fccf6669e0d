-- Up Migration

-- How many there were today, this week and this month is counted without reading all there ever were.
create index notification_by_time on notification (created_at);
