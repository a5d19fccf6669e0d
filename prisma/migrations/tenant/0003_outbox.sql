-- Up Migration

do $$ begin execute format('grant hms_hospital to %I', current_schema()); end $$;
