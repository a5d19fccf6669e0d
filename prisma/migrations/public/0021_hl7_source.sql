-- Up Migration

-- Senders of HL7 v2 that cannot state a key are known by where they are and what they call themselves. Which address is
-- whose is a fact of the network that hospitals share, so an operator states it, and no two statements can be meant at once.
create table public.hl7_source (
  id          uuid primary key,
  hospital_id uuid not null references public.hospital,
  gateway_id  uuid not null,
  network     cidr not null,
  application text not null check (length(application) between 1 and 227),
  facility    text not null check (length(facility) <= 227),
  -- IANA name of the zone of times that state none; null: such times are refused
  timezone    text check (length(timezone) between 1 and 64),
  created_at  timestamptz not null default now(),
  foreign key (hospital_id, gateway_id) references public.gateway (hospital_id, id),
  constraint hl7_source_no_overlap
    exclude using gist (application with =, facility with =, network inet_ops with &&)
);

grant select on public.hl7_source to hms_ingest;
