import { readFileSync } from 'node:fs';
import { importPKCS8, SignJWT } from 'jose';
import { z } from 'zod';
import { callProvider } from './provider-call.js';

const scope = 'https://www.googleapis.com/auth/firebase.messaging';
const grant = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const assertionSeconds = 3_600;
/** Renewed so long before it ends. */
const marginMs = 60_000;
const patienceMs = 5_000;

const ServiceAccount = z.object({
  project_id: z.string().min(1),
  client_email: z.string().min(3),
  private_key_id: z.string().min(1),
  private_key: z.string().startsWith('-----BEGIN'),
  token_uri: z.url({ protocol: /^https?$/ }),
});
/** The key file of a service account, as Google hands it out. */
export type ServiceAccount = z.output<typeof ServiceAccount>;

const Granted = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() });

/** @throws an Error that names the variable, never what the file holds */
export function readServiceAccount(file: string, variable: string): ServiceAccount {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw new Error(`${variable} cannot be read`);
  }
  try {
    return ServiceAccount.parse(JSON.parse(text));
  } catch {
    throw new Error(`${variable} is not the key file of a service account`);
  }
}

/** The access token of a service account (RFC 7523): asked for when the last one ends, by all callers once. */
export class GoogleAccessToken {
  #known: { readonly token: string; readonly until: number } | undefined;
  #asking: Promise<string> | undefined;

  constructor(private readonly account: ServiceAccount) {}

  /** @throws a NoAnswer, or an Error when the account is refused */
  get(): Promise<string> {
    if (this.#known && Date.now() < this.#known.until) return Promise.resolve(this.#known.token);
    this.#asking ??= this.#ask().finally(() => (this.#asking = undefined));
    return this.#asking;
  }

  /** The token was refused before its time. */
  forget(token: string): void {
    if (this.#known?.token === token) this.#known = undefined;
  }

  async #ask(): Promise<string> {
    const { client_email: issuer, private_key: key, private_key_id: kid, token_uri: audience } = this.account;
    const now = Math.floor(Date.now() / 1_000);
    const assertion = await new SignJWT({ scope })
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid })
      .setIssuer(issuer)
      .setAudience(audience)
      .setIssuedAt(now)
      .setExpirationTime(now + assertionSeconds)
      .sign(await importPKCS8(key, 'RS256'));
    const body = new URLSearchParams({ grant_type: grant, assertion });
    const answer = await callProvider(new URL(audience), { method: 'POST', body }, patienceMs);
    if (answer.status !== 200) throw new Error(`google.token-status-${String(answer.status)}`);
    const { access_token: token, expires_in: seconds } = Granted.parse(answer.body);
    this.#known = { token, until: Date.now() + seconds * 1_000 - marginMs };
    return token;
  }
}
