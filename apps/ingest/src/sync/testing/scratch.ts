import { randomBytes } from 'node:crypto';
import { migrateShared, withOwner } from '@hms/database';
import { variable } from '../../testing/environment.js';
import type { DatabaseUrls } from './ground.js';

/** A database of its own: what is made wrong in it is wrong for nobody else. */
export interface ScratchDatabase extends DatabaseUrls {
  drop(): Promise<void>;
}

/** Without a pooler before it, which knows the database of the stack only. */
export async function scratchDatabase(): Promise<ScratchDatabase> {
  const name = `hms_model_${randomBytes(6).toString('hex')}`;
  const on = (server: string): string => Object.assign(new URL(variable(server)), { pathname: `/${name}` }).href;
  const asSuperuser = (statements: string, url: string): Promise<unknown> =>
    withOwner(url, (superuser) => superuser.query(statements));
  const cluster = variable('DATABASE_SUPERUSER_URL');
  await asSuperuser(`create database ${name} owner hms_owner`, cluster);
  await asSuperuser(
    'create extension btree_gist; create extension pg_trgm; create extension unaccent; create extension citext',
    on('DATABASE_SUPERUSER_URL'),
  );
  const owner = on('DATABASE_DIRECT_URL');
  await withOwner(owner, (client) => migrateShared(client));
  return {
    owner,
    ingest: on('INGEST_DATABASE_DIRECT_URL'),
    drop: async () => {
      await asSuperuser(`drop database ${name} with (force)`, cluster);
    },
  };
}
