import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One text of the built service, and what is to stand there instead. */
export interface Patch {
  /** Below `dist`. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

export interface PatchedIngest {
  /** For `TestIngest`. */
  readonly entry: string;
  remove(): void;
}

const app = join(import.meta.dirname, '../../..');

/**
 * A copy of the built service with some of its text replaced.
 * @throws when a text is not there exactly once: the code has moved on, and the patch has to follow
 */
export function patchedIngest(patches: readonly Patch[]): PatchedIngest {
  const folder = mkdtempSync(join(tmpdir(), 'hms-ingest-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    cpSync(join(app, 'dist'), join(folder, 'dist'), { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    symlinkSync(join(app, 'node_modules'), join(folder, 'node_modules'));
    for (const { file, from, to } of patches) {
      const path = join(folder, 'dist', file);
      writeFileSync(path, replacedOnce(readFileSync(path, 'utf8'), { where: file, from, to }));
    }
    return { entry: join(folder, 'dist/main.js'), remove };
  } catch (err) {
    remove();
    throw err;
  }
}

/** @throws when `from` is not in the text exactly once */
export function replacedOnce(
  text: string,
  { where, from, to }: { readonly where: string; readonly from: string; readonly to: string },
): string {
  const [before, after, ...more] = text.split(from);
  if (before === undefined || after === undefined || more.length > 0) {
    const times = after === undefined ? 'nowhere' : `${more.length + 1} times`;
    throw new Error(`the patch of ${where} no longer fits: it is there ${times}: ${from}`);
  }
  return before + to + after;
}

/**
 * So that what happens seldom happens often: steps of the relay and pages of a pull that hold little, and sessions that
 * are looked up at every request.
 */
export const quickly: readonly Patch[] = [
  { file: 'sync/access/session-directory.js', from: 'const trustedForMs = 5_000;', to: 'const trustedForMs = 1;' },
  { file: 'sync/relay/feed-watch.js', from: 'const rowsAStep = 20_000;', to: 'const rowsAStep = 7;' },
  { file: 'sync/pull/page.js', from: 'const mostRead = 250;', to: 'const mostRead = 9;' },
];

/** As it is built, but for how long a session is remembered, which a test need not wait for. */
export const asBuilt: readonly Patch[] = quickly.slice(0, 1);
