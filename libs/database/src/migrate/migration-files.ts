import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One SQL file, as it is about to be applied. */
export interface MigrationFile {
  /** File name without `.sql`, such as `0002_telemetry`. */
  readonly name: string;
  readonly path: string;
  readonly sql: string;
  /** SHA-256 of the file, hex. */
  readonly checksum: string;
}

/** `prisma/migrations`, with the folders `public`, `sync` and `tenant`. */
export const MIGRATIONS = fileURLToPath(new URL('../../../../prisma/migrations', import.meta.url));

/** The `.sql` files of a folder in the order of their names. */
export async function readMigrations(folder: string): Promise<MigrationFile[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  return Promise.all(
    names.map(async (file) => {
      const path = join(folder, file);
      const sql = await readFile(path, 'utf8');
      return { name: basename(file, '.sql'), path, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

/** Says why the applied migrations are not the first of these files, or returns undefined. */
export function mismatch(files: readonly MigrationFile[], applied: ReadonlyMap<string, string>): string | undefined {
  const known = new Map(files.map((file) => [file.name, file]));
  for (const [name, checksum] of applied) {
    const file = known.get(name);
    if (!file) return `${name} was applied but is not among the files; use the release that brought it, or a newer one`;
    if (file.checksum !== checksum) {
      return `${name} was edited after it was applied; restore it and put the change into a new file`;
    }
  }
  const late = files.slice(0, applied.size).find((file) => !applied.has(file.name));
  return late && `${late.name} comes before a file that was applied already; give it a later number`;
}
