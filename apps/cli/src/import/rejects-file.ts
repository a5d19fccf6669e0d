import { type FileHandle, open } from 'node:fs/promises';
import type { Rejected } from './reading.js';

/** Lists rows that were refused, by line and reason, and nothing of what they say. */
export class RejectsFile {
  private constructor(
    private readonly file: FileHandle,
    private size: number,
  ) {}

  /** @param size what it had when the last chunk was stored: what a killed run wrote after that is cut off */
  static async open(path: string, size: number): Promise<RejectsFile> {
    const file = await open(path, 'a+');
    const { size: found } = await file.stat();
    await file.truncate(Math.min(size, found));
    const rejects = new RejectsFile(file, Math.min(size, found));
    if (rejects.size === 0) await rejects.#append('line,code,field\n');
    return rejects;
  }

  /** Ends when they are on the disk, with the size of the file. */
  async add(rejected: readonly Rejected[]): Promise<number> {
    if (rejected.length > 0) {
      await this.#append(
        rejected.map(({ line, code, field }) => `${String(line)},${code},${quoted(field)}\n`).join(''),
      );
      await this.file.datasync();
    }
    return this.size;
  }

  async close(): Promise<void> {
    await this.file.close();
  }

  async #append(text: string): Promise<void> {
    await this.file.appendFile(text);
    this.size += Buffer.byteLength(text);
  }
}

const quoted = (field = ''): string => (/[",\s]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field);
