-- Up Migration

-- Keys that seal fields, and keys that make blind indexes. Each is wrapped by a key-encryption key that this database
-- never sees.
create table public.data_key (
  kid          text primary key check (kid ~ '^[A-Za-z0-9_-]{12}$'),
  -- null: the platform's own
  hospital_id  uuid references public.hospital,
  purpose      text not null check (purpose in ('field', 'index')),
  generation   int not null check (generation > 0),
  wrapped      text not null,
  kek_id       text not null,
  created_at   timestamptz not null default now(),
  -- until then it only opens, so that every process knows it before a value needs it
  seals_from   timestamptz not null default now(),
  -- set when no value is sealed with it any more
  retired_at   timestamptz,
  -- decides which of several processes made the key
  constraint data_key_generation unique nulls not distinct (hospital_id, purpose, generation),
  -- another one would lose every lookup
  constraint data_key_single_index check (purpose = 'field' or (generation = 1 and retired_at is null))
);
grant select, insert on public.data_key to hms_api;
