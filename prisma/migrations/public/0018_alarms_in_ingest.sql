-- Up Migration

-- Gateways of monitored wards: when room gets scarce their readings are refused last.
alter table public.gateway
  add column service_class text not null default 'standard' check (service_class in ('standard', 'critical'));

-- An id in the order of time (RFC 9562, version 7), for rows that functions of the database write.
create function public.uuid_v7() returns uuid
  language sql volatile set search_path = pg_catalog
  as $$ select encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
          placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1 for 6),
          52, 1), 53, 1), 'hex')::uuid $$;
