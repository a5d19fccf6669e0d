import pg from 'pg';
import { query } from '../lib/probe.mjs';
import { EXTENSIONS } from './locate.mjs';
import { SLOT } from './postgres-config.mjs';

/** @import { Place } from './place.mjs' */

/** What a transaction of a service may cost before the server ends it. Migrations run as the owner, without limits. */
const LIMITS = { statement_timeout: '15s', lock_timeout: '5s', idle_in_transaction_session_timeout: '10s' };

/**
 * Roles, the database, its extensions and the replication slot: all that only a superuser may create.
 * @param {Place} place
 */
export async function prepareCluster({ urls, secrets }) {
  const cluster = withDatabase(urls.superuser, 'postgres');
  const roles = /** @type {const} */ ({
    hms_owner: 'login createrole',
    hms_api: 'login noinherit',
    hms_ingest: 'login',
    hms_pool: 'login',
    hms_replica: 'login replication',
  });
  const { rows } = await query(cluster, 'select rolname from pg_roles');
  const known = new Set(rows.map((row) => row['rolname']));
  for (const [role, options] of Object.entries(roles).filter(([name]) => !known.has(name))) {
    const password = pg.escapeLiteral(secrets[/** @type {keyof typeof roles} */ (role)]);
    await query(cluster, `create role ${role} ${options} password ${password}`);
  }
  for (const role of ['hms_api', 'hms_ingest']) {
    const limits = Object.entries(LIMITS).map(([name, value]) => `alter role ${role} set ${name} = '${value}'`);
    await query(cluster, limits.join('; '));
  }
  const found = await query(cluster, "select 1 from pg_database where datname = 'hms'");
  if (found.rowCount === 0) await query(cluster, 'create database hms owner hms_owner');
  const extensions = EXTENSIONS.map((name) => `create extension if not exists ${name}`);
  await query(urls.superuser, [...extensions, POOLER_LOOKUP].join(';\n'));
  await query(
    cluster,
    `select pg_create_physical_replication_slot('${SLOT}', true)
     where not exists (select from pg_replication_slots where slot_name = '${SLOT}')`,
  );
}

/**
 * PgBouncer asks this for a login's password hash. It answers for ordinary logins only: nobody becomes superuser or
 * reads the write-ahead log through the pooler.
 */
const POOLER_LOOKUP = `
  create schema if not exists pooler;
  create or replace function pooler.lookup(login text) returns table (name text, secret text)
    language sql stable security definer set search_path = pg_catalog
    as $$ select rolname::text, rolpassword from pg_authid
          where rolname = login and rolcanlogin and not rolsuper and not rolreplication $$;
  revoke all on function pooler.lookup(text) from public;
  grant usage on schema pooler to hms_pool;
  grant execute on function pooler.lookup(text) to hms_pool`;

/**
 * @param {string} url
 * @param {string} name
 */
export function withDatabase(url, name) {
  return Object.assign(new URL(url), { pathname: `/${name}` }).href;
}
