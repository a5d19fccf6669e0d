import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';

const kid = z.string().regex(/^[\w-]{1,64}$/);
/** Without `d` it only verifies. */
const SigningKey = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  kid,
  x: z.string().min(1),
  d: z.string().min(1).optional(),
});
type SigningKey = z.output<typeof SigningKey>;
const KeysFile = z.object({
  macKeys: z.array(z.object({ kid, key: z.string().regex(/^[A-Za-z0-9_-]{43}$/) })).min(1),
  signingKeys: z.array(SigningKey).min(1),
});
export type AuditKeyFile = z.output<typeof KeysFile>;

/** What a row was sealed with. */
export interface Seal {
  readonly keyId: string;
  readonly mac: Buffer;
}

interface Signer {
  readonly keyId: string;
  readonly privateKey: KeyObject;
}

/**
 * The keys of the audit, which no database holds: whoever rules the database still cannot make a row or a checkpoint
 * that verifies. Newest first: the first seals and signs, all verify.
 */
export class AuditKeys {
  readonly #macKeys: ReadonlyMap<string, Buffer>;
  readonly #publicKeys: ReadonlyMap<string, KeyObject>;
  readonly #signer: Signer | undefined;
  readonly #sealer: { readonly keyId: string; readonly key: Buffer };

  /** @throws an Error that names what is wrong, never its value */
  static read(file: string): AuditKeys {
    let content: unknown;
    try {
      content = JSON.parse(readFileSync(file, 'utf8'));
    } catch {
      throw new Error('AUDIT_KEYS_FILE cannot be read as JSON');
    }
    const parsed = KeysFile.safeParse(content);
    if (parsed.success) return new AuditKeys(parsed.data);
    throw new Error(`AUDIT_KEYS_FILE is not valid: ${parsed.error.issues.map((i) => i.path.join('.')).join(', ')}`);
  }

  constructor({ macKeys, signingKeys }: AuditKeyFile) {
    this.#macKeys = new Map(macKeys.map(({ kid, key }) => [kid, Buffer.from(key, 'base64url')]));
    this.#publicKeys = new Map(
      signingKeys.map(({ kty, crv, kid, x }) => [kid, createPublicKey({ key: { kty, crv, x }, format: 'jwk' })]),
    );
    const [sealer] = this.#macKeys;
    if (!sealer) throw new Error('there is no key to seal audit rows with');
    this.#sealer = { keyId: sealer[0], key: sealer[1] };
    this.#signer = signerOf(signingKeys[0]);
  }

  get sealingKeyId(): string {
    return this.#sealer.keyId;
  }

  /** @param text of `canonicalText`, made with {@link sealingKeyId} */
  seal(text: string): Seal {
    return { keyId: this.#sealer.keyId, mac: hmac(this.#sealer.key, text) };
  }

  /** False for an unknown key too. */
  isSealed(text: string, { keyId, mac }: Seal): boolean {
    const key = this.#macKeys.get(keyId);
    if (!key) return false;
    const expected = hmac(key, text);
    return expected.length === mac.length && timingSafeEqual(expected, mac);
  }

  /** Stands for what somebody typed, such as an unknown e-mail address: alike for alike, and not to be read back. */
  pseudonym(text: string): string {
    return hmac(this.#sealer.key, `hms.audit.pseudonym\0${text}`).toString('base64url');
  }

  /** @throws an Error where only the public half is known */
  sign(text: string): { keyId: string; signature: Buffer } {
    if (!this.#signer) throw new Error('the audit keys of this process cannot sign');
    return { keyId: this.#signer.keyId, signature: sign(null, Buffer.from(text), this.#signer.privateKey) };
  }

  isSigned(text: string, keyId: string, signature: Buffer): boolean {
    const key = this.#publicKeys.get(keyId);
    return key !== undefined && verify(null, Buffer.from(text), key, signature);
  }
}

function signerOf(jwk: SigningKey | undefined): Signer | undefined {
  if (jwk?.d === undefined) return undefined;
  const { kid, kty, crv, x, d } = jwk;
  return { keyId: kid, privateKey: createPrivateKey({ key: { kty, crv, x, d }, format: 'jwk' }) };
}

const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
