import type pg from 'pg';

/** Everything the catalogue says about a schema, with partitions left out: they follow the calendar. */
const SHAPE = `
  with own as (
    select c.oid, c.relname, c.relkind, c.relacl
      from pg_class c where c.relnamespace = to_regnamespace($1) and not c.relispartition
  )
  select 'schema ' || coalesce(nspacl::text, '') as line from pg_namespace where nspname = $1
  union all
  select format('relation %s %s %s', relname, relkind, relacl) from own where relkind in ('r', 'p', 'v', 'S')
  union all
  select format('column %s.%s %s null=%s default=%s identity=%s generated=%s', own.relname, a.attname,
                format_type(a.atttypid, a.atttypmod), not a.attnotnull, pg_get_expr(d.adbin, d.adrelid),
                a.attidentity, a.attgenerated)
    from own join pg_attribute a on a.attrelid = own.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef d on d.adrelid = own.oid and d.adnum = a.attnum where own.relkind in ('r', 'p', 'v')
  union all
  select format('constraint %s.%s %s', own.relname, k.conname, pg_get_constraintdef(k.oid))
    from own join pg_constraint k on k.conrelid = own.oid
  union all
  select format('index %s', pg_get_indexdef(i.indexrelid)) from own join pg_index i on i.indrelid = own.oid
  union all
  select format('trigger %s', pg_get_triggerdef(t.oid)) from own join pg_trigger t on t.tgrelid = own.oid
   where not t.tgisinternal
  union all
  select format('view %s %s', relname, pg_get_viewdef(oid)) from own where relkind = 'v'
  union all
  select format('function %s %s', pg_get_functiondef(p.oid), p.proacl)
    from pg_proc p where p.pronamespace = to_regnamespace($1)
  order by line`;

/** A schema's definition as sorted lines, equal for two hospitals that have the same tables, rules and grants. */
export async function schemaShape(owner: pg.Client, schema: string): Promise<string[]> {
  const { rows } = await owner.query<{ line: string }>(SHAPE, [schema]);
  const hospitals = await owner.query<{ id: string }>(`select id from public.hospital where 'hospital_' || slug = $1`, [
    schema,
  ]);
  // Its triggers know whose changes they log.
  const id = hospitals.rows[0]?.id ?? schema;
  return rows.map(({ line }) => line.replaceAll(schema, '<hospital>').replaceAll(id, '<id>')).sort();
}
