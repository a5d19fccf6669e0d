import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK, type JWTPayload } from 'jose';

/** Stands in for Google: signs ID tokens and serves its keys, well or badly. */
export class FakeGoogle {
  readonly #server: Server;
  readonly #published = new Map<string, JWK>();
  readonly #signing = new Map<string, CryptoKey>();
  readonly projectId = 'hms-test';
  /** How often the keys were asked for. */
  asked = 0;
  /** What it answers with; `silent` never does. */
  mood: 'well' | 'failing' | 'silent' | 'talking nonsense' = 'well';
  cacheControl = 'public, max-age=3600';

  constructor() {
    this.#server = createServer((_, response) => {
      this.asked += 1;
      if (this.mood === 'silent') return;
      response.writeHead(this.mood === 'failing' ? 500 : 200, {
        'content-type': 'application/json',
        'cache-control': this.cacheControl,
      });
      response.end(this.mood === 'well' ? JSON.stringify({ keys: [...this.#published.values()] }) : '<html>');
    });
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    await this.addKey('g1');
    return this;
  }

  get jwksUrl(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}/jwks`;
  }

  async addKey(kid: string): Promise<void> {
    const { publicKey, privateKey } = await generateKeyPair('RS256');
    this.#published.set(kid, { ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' });
    this.#signing.set(kid, privateKey);
  }

  /** Goes on signing with it, as a thief would. */
  removeKey(kid: string): void {
    this.#published.delete(kid);
  }

  claims(subject: string, now = new Date()): JWTPayload {
    const seconds = Math.floor(now.getTime() / 1_000);
    return {
      iss: `https://securetoken.google.com/${this.projectId}`,
      aud: this.projectId,
      sub: subject,
      user_id: subject,
      auth_time: seconds - 30,
      iat: seconds - 20,
      exp: seconds + 3_600,
      email: `${subject}@patients.example`,
      email_verified: true,
      name: 'Ada King Lovelace',
      firebase: { sign_in_provider: 'google.com', identities: {} },
    };
  }

  sign(claims: JWTPayload, kid = 'g1', header: object = {}): Promise<string> {
    const key = this.#signing.get(kid);
    if (!key) throw new Error(`there is no key ${kid}`);
    const payload = JSON.parse(JSON.stringify(claims)) as JWTPayload;
    return new SignJWT(payload).setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid, ...header }).sign(key);
  }

  token(subject: string, changes: JWTPayload = {}): Promise<string> {
    return this.sign({ ...this.claims(subject), ...changes });
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
