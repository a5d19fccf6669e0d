import { createHash } from 'node:crypto';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import { OperatorError } from '../operator-error.js';
import { type MigrationFile, mismatch, readMigrations } from './migration-files.js';

type Loader = NonNullable<Parameters<typeof runner>[0]['migrationLoaderStrategies']>[number]['loader'];

const LEDGER = '_migrations';
const CHECKSUMS = '_migration_checksum';
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

/**
 * Applies the files of `folder` that `schema` lacks, in one transaction, and returns their names. Waits while another
 * process migrates the same schema. Refuses when an applied file was edited or is missing.
 *
 * @param owner a direct connection (not PgBouncer) of the login that owns the schema
 */
export async function migrateSchema(owner: pg.Client, schema: string, folder: string): Promise<string[]> {
  const files = await readMigrations(folder);
  return withSchemaLock(owner, schema, async () => {
    const applied = await appliedChecksums(owner, schema);
    const problem = mismatch(files, applied);
    if (problem !== undefined) throw new OperatorError(`Schema ${schema}: ${problem}.`);
    if (applied.size === files.length) return [];
    return applyPending(owner, schema, folder, new Map(files.map((file) => [file.path, file])));
  });
}

/** Runs `work` while no other session creates or migrates the schema; the same session may nest it. */
export async function withSchemaLock<T>(owner: pg.Client, schema: string, work: () => Promise<T>): Promise<T> {
  const key = createHash('sha256').update(`hms.migrate:${schema}`).digest().readUIntBE(0, 6);
  await owner.query('select pg_advisory_lock($1)', [key]);
  try {
    return await work();
  } finally {
    // Only fails when the connection is gone, and the lock with it.
    await owner.query('select pg_advisory_unlock($1)', [key]).catch(() => undefined);
  }
}

async function appliedChecksums(owner: pg.Client, schema: string): Promise<Map<string, string>> {
  const table = `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(CHECKSUMS)}`;
  await owner.query(`create table if not exists ${table} (name text primary key, sha256 text not null)`);
  const { rows } = await owner.query<{ name: string; sha256: string }>(
    `select name, sha256 from ${table} order by name`,
  );
  return new Map(rows.map((row) => [row.name, row.sha256]));
}

async function applyPending(
  owner: pg.Client,
  schema: string,
  folder: string,
  files: ReadonlyMap<string, MigrationFile>,
): Promise<string[]> {
  let current = 'the ledger';
  const checksums = pg.escapeIdentifier(CHECKSUMS);
  const loader: Loader = (paths) =>
    Promise.resolve(
      paths.map((path) => {
        const file = files.get(path);
        if (!file) throw new OperatorError(`Schema ${schema}: ${path} appeared while migrating; run it again.`);
        const up = (builder: { sql: (sql: string) => void }): void => {
          current = file.name;
          builder.sql(file.sql);
          // In the transaction of the file itself, so that the two cannot disagree.
          builder.sql(`insert into ${checksums} values (${pg.escapeLiteral(file.name)}, '${file.checksum}')`);
        };
        return { id: path, filePaths: [path], actions: { up, down: false } };
      }),
    );
  try {
    const done = await runner({
      dbClient: owner,
      dir: folder,
      ignorePattern: '(?!.*\\.sql$).*',
      migrationLoaderStrategies: [{ extensions: ['.sql'], loader }],
      direction: 'up',
      schema: schema === 'public' ? schema : [schema, 'public'],
      migrationsSchema: schema,
      migrationsTable: LEDGER,
      checkOrder: true,
      singleTransaction: true,
      noLock: true, // withSchemaLock holds one
      logger: silent,
    });
    return done.map((migration) => migration.name);
  } catch (err) {
    if (!(err instanceof pg.DatabaseError)) throw err;
    throw new OperatorError(`Schema ${schema}: ${current} failed and was rolled back: ${err.message}`, { cause: err });
  } finally {
    await owner.query('reset search_path').catch(() => undefined); // only fails when the connection is gone
  }
}
