import { open, readFile, stat } from 'node:fs/promises';
import { OperatorError } from '@hms/database';
import { isObject, type JsonObject, objectAt, textAt } from '@hms/fhir';
import type { Wrong } from '../reading.js';
import { type Position, type Records, recordsOf, type Source } from '../records.js';

export interface FileResource {
  readonly resource: JsonObject;
  /** The URL by which others of the file may refer to it. */
  readonly url: string | undefined;
}

export type Resources = Records<FileResource>;

const start: Position = { byte: 0, line: 1 };
const longestLine = 1_048_576;
/** It is read as one text. */
const largestBundle = 268_435_456;

/**
 * The resources of a file, from the beginning or a position on: those of a Bundle, whose positions count its entries as
 * lines, or one a line, as bulk exports have them.
 * @throws OperatorError when it is neither
 */
export async function openFhir(path: string, source: Source): Promise<(at?: Position) => Resources> {
  if (await beginsWithResource(path)) return (at = start) => recordsOf(source, at, resourceOf);
  const { size } = await stat(path);
  if (size > largestBundle) throw new OperatorError('A Bundle has at most 256 MiB; give one resource a line instead.');
  const entries = entriesOf(await readFile(path, 'utf8'));
  return (at = start) => records(entries, size, at);
}

async function beginsWithResource(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(longestLine), 0, longestLine, 0);
    const [first = ''] = buffer.toString('utf8', 0, bytesRead).trimStart().split('\n', 1);
    const parsed = parse(first);
    return isObject(parsed) && typeof parsed['resourceType'] === 'string' && parsed['resourceType'] !== 'Bundle';
  } finally {
    await file.close();
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function resourceOf(text: string): FileResource | Wrong {
  const resource = parse(text);
  return isObject(resource) ? { resource, url: undefined } : { code: 'malformed' };
}

function entriesOf(text: string): readonly JsonObject[] {
  const bundle = parse(text);
  const entries = isObject(bundle) && bundle['resourceType'] === 'Bundle' ? (bundle['entry'] ?? []) : undefined;
  if (Array.isArray(entries) && entries.every(isObject)) return entries;
  throw new OperatorError('The file is neither a FHIR Bundle nor FHIR resources line by line.');
}

// eslint-disable-next-line @typescript-eslint/require-await -- lines come one by one, entries are all there
async function* records(entries: readonly JsonObject[], size: number, from: Position): Resources {
  for (const [i, entry] of entries.slice(from.line - 1).entries()) {
    const line = from.line + i;
    const next = { byte: Math.floor((size * line) / entries.length), line: line + 1 };
    yield { line, said: { resource: objectAt(entry, 'resource'), url: textAt(entry, 'fullUrl') }, next };
  }
}
