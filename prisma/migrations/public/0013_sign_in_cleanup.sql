-- Up Migration

-- What has ended is deleted in time. A session ends when it is revoked or expires, whichever comes first.
create index session_by_end on public.session (least(revoked_at, expires_at));
grant delete on public.session, public.refresh_token, public.invitation to hms_api;
