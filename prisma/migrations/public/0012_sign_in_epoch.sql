-- Up Migration

-- Counts up when what somebody signs in with changes, or all their sessions are ended: a sign-in of the epoch before
-- opens no session any more.
alter table public.app_user add column sign_in_epoch int not null default 0;
alter table public.mfa_challenge add column sign_in_epoch int not null default 0;
