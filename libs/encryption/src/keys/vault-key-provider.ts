import { readFile } from 'node:fs/promises';
import { assertOutsideTransaction } from '@hms/service-kit';
import { z } from 'zod';
import { KeyProviderError } from '../encryption.errors.js';
import type { KeyProvider, WrappedKey } from './key-provider.js';

export interface VaultOptions {
  /** Address of Vault, such as `https://vault.example:8200`. */
  readonly url: string;
  /** Name of the Transit key; best made with `derived=true`, which binds each data key to its purpose. */
  readonly key: string;
  /** File with the token; read for each call, because agents renew it. */
  readonly tokenFile: string;
  /** How long one call may take, in milliseconds. */
  readonly timeoutMs?: number;
}

interface Call {
  readonly method: 'GET' | 'POST';
  /** Below `/v1/transit`. */
  readonly path: string;
  readonly body?: Readonly<Record<string, string>>;
}

const answers = {
  encrypt: z.object({ data: z.object({ ciphertext: z.string().min(1) }) }),
  decrypt: z.object({ data: z.object({ plaintext: z.base64() }) }),
  key: z.object({ data: z.object({ latest_version: z.number().int().positive() }) }),
};
/** Vault refuses the request itself rather than being unwell: repeating it changes nothing. */
const permanentStatuses = new Set([400, 401, 403, 404]);

/** Key-encryption keys that never leave HashiCorp Vault's Transit engine (mounted at `transit`). */
export class VaultKeyProvider implements KeyProvider {
  constructor(private readonly options: VaultOptions) {}

  async newestKek(): Promise<string> {
    const { data } = await this.#call({ method: 'GET', path: this.#path('keys') }, answers.key);
    return this.#kekId(data.latest_version);
  }

  async rotate(): Promise<string> {
    await this.#call({ method: 'POST', path: `${this.#path('keys')}/rotate`, body: {} }, z.unknown());
    return this.newestKek();
  }

  async wrap(dataKey: Buffer, bound: readonly string[]): Promise<WrappedKey> {
    const body = { plaintext: dataKey.toString('base64'), context: contextOf(bound) };
    const { data } = await this.#call({ method: 'POST', path: this.#path('encrypt'), body }, answers.encrypt);
    return this.#wrappedKey(data.ciphertext);
  }

  async unwrap({ wrapped }: WrappedKey, bound: readonly string[]): Promise<Buffer> {
    const body = { ciphertext: wrapped, context: contextOf(bound) };
    const { data } = await this.#call({ method: 'POST', path: this.#path('decrypt'), body }, answers.decrypt);
    return Buffer.from(data.plaintext, 'base64');
  }

  async rewrap({ wrapped }: WrappedKey, bound: readonly string[]): Promise<WrappedKey> {
    const body = { ciphertext: wrapped, context: contextOf(bound) };
    const { data } = await this.#call({ method: 'POST', path: this.#path('rewrap'), body }, answers.encrypt);
    return this.#wrappedKey(data.ciphertext);
  }

  #path(action: string): string {
    return `${action}/${encodeURIComponent(this.options.key)}`;
  }

  #wrappedKey(ciphertext: string): WrappedKey {
    const version = /^vault:v(\d+):/.exec(ciphertext)?.[1];
    if (version === undefined) throw unusable('answered no ciphertext of its own', { permanent: true });
    return { kekId: this.#kekId(Number(version)), wrapped: ciphertext };
  }

  #kekId(version: number): string {
    return `${this.options.key}:v${String(version)}`;
  }

  async #call<T>({ method, path, body }: Call, answer: z.ZodType<T>): Promise<T> {
    const response = await this.#send(method, path, body && JSON.stringify(body));
    if (!response.ok) {
      await response.body?.cancel();
      throw unusable(`answered ${String(response.status)}`, { permanent: permanentStatuses.has(response.status) });
    }
    const text = await response.text().catch((cause: unknown) => {
      throw unusable('broke off', { permanent: false, cause });
    });
    const parsed = answer.safeParse(text === '' ? undefined : parseJson(text));
    if (!parsed.success) throw unusable('answered what Vault does not answer', { permanent: true });
    return parsed.data;
  }

  async #send(method: string, path: string, body: string | undefined): Promise<Response> {
    assertOutsideTransaction('asking Vault');
    const { url, timeoutMs = 2_000 } = this.options;
    const headers = { 'x-vault-token': await this.#token(), 'content-type': 'application/json' };
    const signal = AbortSignal.timeout(timeoutMs);
    const init: RequestInit = { method, headers, signal, redirect: 'error', ...(body === undefined ? {} : { body }) };
    return fetch(new URL(`/v1/transit/${path}`, url), init).catch((cause: unknown) => {
      throw unusable('does not answer', { permanent: false, cause });
    });
  }

  async #token(): Promise<string> {
    const text = await readFile(this.options.tokenFile, 'utf8').catch((cause: unknown) => {
      throw new KeyProviderError('KMS_TOKEN_FILE cannot be read', { permanent: true, cause });
    });
    return text.trim();
  }
}

const contextOf = (bound: readonly string[]): string => Buffer.from(JSON.stringify(bound)).toString('base64');

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const unusable = (what: string, about: { permanent: boolean; cause?: unknown }): KeyProviderError =>
  new KeyProviderError(`the key service at KMS_URL ${what}`, about);
