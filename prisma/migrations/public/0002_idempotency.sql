-- Up Migration

-- What a POST on shared tables answered, kept with its effect so that a repetition is answered the same.
create table public.idempotency_key (
  -- the id of the hospital acted in, or 'platform'
  scope        text not null,
  actor_id     uuid not null,
  operation    text not null,
  key          text not null check (length(key) between 1 and 200),
  fingerprint  bytea not null check (length(fingerprint) = 32),
  response_sealed  text not null,
  expires_at   timestamptz not null,
  primary key (scope, actor_id, operation, key)
);
create index idempotency_key_expiry on public.idempotency_key (expires_at);
grant select, insert, delete on public.idempotency_key to hms_api;
