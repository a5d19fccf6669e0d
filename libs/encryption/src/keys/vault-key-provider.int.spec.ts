import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { open, seal } from '../cipher/sealed-text.js';
import { KeyProviderError } from '../encryption.errors.js';
import { VaultKeyProvider } from './vault-key-provider.js';

const token = 'hvs.test';
const bound = ['data-key', 'hospital', 'field', 'kid'];

/** Speaks Transit as Vault does for a derived key: the context decides the key. */
class TransitServer {
  /** What it answers instead, when it is unwell. */
  behaviour: number | 'silent' | undefined;
  readonly paths: string[] = [];
  #versions = [randomBytes(32)];
  readonly #server: Server = createServer((request, response) => {
    this.paths.push(`${String(request.method)} ${String(request.url)}`);
    if (this.behaviour === 'silent') return;
    void this.#answer(request).then(({ status, body }) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(request: IncomingMessage): Promise<{ status: number; body: unknown }> {
    if (request.headers['x-vault-token'] !== token) return { status: 403, body: { errors: ['permission denied'] } };
    if (typeof this.behaviour === 'number') return { status: this.behaviour, body: { errors: ['unwell'] } };
    const input = JSON.parse((await text(request)) || '{}') as Record<string, string>;
    try {
      return { status: 200, body: { data: this.#transit(String(request.url), input) } };
    } catch {
      return { status: 400, body: { errors: ['cipher: message authentication failed'] } };
    }
  }

  #transit(path: string, input: Record<string, string>): Record<string, unknown> {
    switch (path) {
      case '/v1/transit/encrypt/hms':
        return { ciphertext: this.#encrypt(input, Buffer.from(input['plaintext'] ?? '', 'base64')) };
      case '/v1/transit/decrypt/hms':
        return { plaintext: this.#decrypt(input).toString('base64') };
      case '/v1/transit/rewrap/hms':
        return { ciphertext: this.#encrypt(input, this.#decrypt(input)) };
      case '/v1/transit/keys/hms/rotate':
        this.#versions.push(randomBytes(32));
        return {};
      case '/v1/transit/keys/hms':
        return { latest_version: this.#versions.length };
      default:
        throw new Error('no such path');
    }
  }

  #encrypt({ context = '' }: Record<string, string>, plaintext: Buffer): string {
    const version = this.#versions.length;
    return `vault:v${String(version)}:${seal(this.#key(version), [context], plaintext)}`;
  }

  #decrypt({ context = '', ciphertext = '' }: Record<string, string>): Buffer {
    const [, version, sealed] = /^vault:v(\d+):(.*)$/.exec(ciphertext) ?? [];
    return open(this.#key(Number(version)), [context], sealed ?? '');
  }

  #key = (version: number) => ({ id: 'transit', secret: this.#versions[version - 1]! });
}

let server: TransitServer;
let url: string;
let folder: string;
let tokenFile: string;
let vault: VaultKeyProvider;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hms-vault-'));
  tokenFile = join(folder, 'token');
  await writeFile(tokenFile, `${token}\n`);
  server = new TransitServer();
  url = await server.start();
  vault = new VaultKeyProvider({ url, key: 'hms', tokenFile, timeoutMs: 300 });
});

afterEach(async () => {
  server.stop();
  await rm(folder, { recursive: true });
});

describe('data keys wrapped by Vault', () => {
  it('come back as they were, for their purpose only', async () => {
    const dataKey = randomBytes(32);
    const wrapped = await vault.wrap(dataKey, bound);
    expect(wrapped.kekId).toBe('hms:v1');
    expect(await vault.unwrap(wrapped, bound)).toEqual(dataKey);
    await expect(vault.unwrap(wrapped, [...bound, 'other'])).rejects.toMatchObject({ permanent: true });
  });

  it('are wrapped anew by the newest version of the key, without being unwrapped here', async () => {
    const dataKey = randomBytes(32);
    const old = await vault.wrap(dataKey, bound);
    expect(await vault.rotate()).toBe('hms:v2');
    server.paths.length = 0;
    const renewed = await vault.rewrap(old, bound);
    expect(server.paths).toEqual(['POST /v1/transit/rewrap/hms']);
    expect(renewed.kekId).toBe('hms:v2');
    expect(await vault.unwrap(renewed, bound)).toEqual(dataKey);
    expect(await vault.unwrap(old, bound)).toEqual(dataKey);
  });

  it('need a token, which is read anew for each call', async () => {
    await writeFile(tokenFile, 'expired');
    await expect(vault.wrap(randomBytes(32), bound)).rejects.toMatchObject({ permanent: true });
    await writeFile(tokenFile, token);
    await expect(vault.wrap(randomBytes(32), bound)).resolves.toBeDefined();
  });

  it.each([503, 500, 429])('are out of reach for a while when it answers %i', async (status) => {
    server.behaviour = status;
    await expect(vault.wrap(randomBytes(32), bound)).rejects.toMatchObject({ permanent: false });
  });

  it.each([403, 404])('are not to be had when it answers %i', async (status) => {
    server.behaviour = status;
    await expect(vault.wrap(randomBytes(32), bound)).rejects.toMatchObject({ permanent: true });
  });

  it('are given up on when it does not answer, or is not there', async () => {
    server.behaviour = 'silent';
    await expect(vault.wrap(randomBytes(32), bound)).rejects.toMatchObject({ permanent: false });
    server.stop();
    const failure = await vault.wrap(randomBytes(32), bound).catch((err: unknown) => err);
    expect(failure).toBeInstanceOf(KeyProviderError);
    expect(failure).toMatchObject({ permanent: false });
    expect(String(failure)).not.toContain(token);
  });
});
