-- Up Migration

-- What telemetry only needs for a while is deleted by the worker.
create index telemetry_flush_by_age on telemetry_flush (committed_at);

do $$ begin
  execute format('grant delete on telemetry_flush, telemetry_request to %I', current_schema());
end $$;
