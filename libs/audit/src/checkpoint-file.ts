import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Checkpoint } from './audit-chain.js';

const hex = z.string().regex(/^([0-9a-f]{2})+$/);
const Line = z.object({ seq: z.int().min(1), at: z.int(), hash: hex, keyId: z.string(), signature: hex });

/**
 * Copies of one chain's checkpoints outside the database, one line of JSON each. Only appended to; a line may be there
 * twice when two workers share the folder, and the last may be torn by a crash, which the next append repairs.
 */
export class CheckpointFile {
  readonly #folder: string;
  readonly #file: string;

  constructor(folder: string, hospitalId: string | null) {
    this.#folder = folder;
    this.#file = join(folder, `${hospitalId ?? 'platform'}.jsonl`);
  }

  /** In the order they were written; empty when there is no file yet. */
  async read(): Promise<Checkpoint[]> {
    const text = await readFile(this.#file, 'utf8').catch((err: unknown) => {
      if (typeof err === 'object' && err !== null && 'code' in err && err.code === 'ENOENT') return '';
      throw err;
    });
    return text.split('\n').flatMap(parseLine);
  }

  /** Resolves once they are on the disk. */
  async append(checkpoints: readonly Checkpoint[]): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const file = await open(this.#file, 'a', 0o600);
    try {
      // The line break first ends whatever a crash left unfinished.
      await file.write(checkpoints.map((checkpoint) => `\n${toLine(checkpoint)}`).join('') + '\n');
      await file.sync();
    } finally {
      await file.close();
    }
  }
}

const toLine = ({ seq, at, hash, keyId, signature }: Checkpoint): string =>
  JSON.stringify({ seq, at, hash: hash.toString('hex'), keyId, signature: signature.toString('hex') });

function parseLine(line: string): Checkpoint[] {
  try {
    const { hash, signature, ...rest } = Line.parse(JSON.parse(line));
    return [{ ...rest, hash: Buffer.from(hash, 'hex'), signature: Buffer.from(signature, 'hex') }];
  } catch {
    return [];
  }
}
