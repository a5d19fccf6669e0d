import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import type { L2CacheDriver } from 'bentocache/types';
import type { CacheLink } from './cache-link.service.js';
import { frozen } from './plain.js';

const algorithm = 'aes-256-gcm';
const ivBytes = 12;
const tagBytes = 16;

/**
 * Entries in Redis, each sealed under a key that is derived from its name: who can read or write Redis learns nothing
 * of patients, and cannot pass one entry off as another. What is missing, altered or too late reads as absent.
 */
export class SealedEntries implements L2CacheDriver {
  readonly type = 'l2';

  constructor(
    private readonly link: CacheLink,
    private readonly secret: Uint8Array,
  ) {}

  async get(name: string): Promise<string | undefined> {
    const sealed = await this.link.ask((redis) => redis.getBuffer(name));
    const text = sealed ? this.#open(name, sealed) : undefined;
    // An object, whatever the library calls it: see the serializer of the store.
    return text === undefined ? undefined : frozen(JSON.parse(text) as string);
  }

  async set(name: string, entry: unknown, ttl: number): Promise<boolean> {
    const stored = await this.link.ask((redis) => redis.set(name, this.#seal(name, JSON.stringify(entry)), 'PX', ttl));
    return stored !== undefined;
  }

  async delete(name: string): Promise<boolean> {
    return (await this.link.ask((redis) => redis.unlink(name))) !== undefined;
  }

  async deleteMany(names: string[]): Promise<boolean> {
    const deleted = await Promise.all(names.map((name) => this.delete(name)));
    return deleted.every(Boolean);
  }

  async pull(name: string): Promise<string | undefined> {
    const value = await this.get(name);
    await this.delete(name);
    return value;
  }

  namespace(): never {
    throw new Error('names of entries are whole');
  }

  clear(): never {
    throw new Error('entries are forgotten by renewing generations');
  }

  disconnect(): Promise<void> {
    return Promise.resolve(); // the link outlives what uses it
  }

  #seal(name: string, value: string): Buffer {
    const iv = randomBytes(ivBytes);
    const cipher = createCipheriv(algorithm, this.#key(name), iv);
    const sealed = Buffer.concat([cipher.update(value, 'utf8'), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), sealed]);
  }

  #open(name: string, sealed: Buffer): string | undefined {
    try {
      const decipher = createDecipheriv(algorithm, this.#key(name), sealed.subarray(0, ivBytes));
      decipher.setAuthTag(sealed.subarray(ivBytes, ivBytes + tagBytes));
      return Buffer.concat([decipher.update(sealed.subarray(ivBytes + tagBytes)), decipher.final()]).toString('utf8');
    } catch {
      return undefined;
    }
  }

  #key(name: string): Buffer {
    return createHmac('sha256', this.secret).update(name).digest();
  }
}
