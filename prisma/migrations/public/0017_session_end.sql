-- Up Migration

-- In a total order, so that the cleanup can go on where it was although many sessions ended at one moment.
drop index public.session_by_end;
create index session_by_end on public.session (least(revoked_at, expires_at), id);
