-- Up Migration

call public.search_temp_last();
