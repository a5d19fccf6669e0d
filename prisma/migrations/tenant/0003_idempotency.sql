-- Up Migration

-- What a POST of this hospital answered, kept with its effect so that a repetition is answered the same.
create table idempotency_key (
  actor_id     uuid not null,
  operation    text not null,
  key          text not null check (length(key) between 1 and 200),
  fingerprint  bytea not null check (length(fingerprint) = 32),
  response_sealed  text not null,
  expires_at   timestamptz not null,
  primary key (actor_id, operation, key)
);
create index idempotency_key_expiry on idempotency_key (expires_at);

do $$ begin
  execute format('grant select, insert, delete on idempotency_key to %I', current_schema());
end $$;
