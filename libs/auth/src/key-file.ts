import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { accessTokenAlgorithm, accessTokenLifetimeSeconds } from './access-token.js';

const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text));

const SigningKey = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  alg: z.literal(accessTokenAlgorithm),
  use: z.literal('sig').default('sig'),
  kid: z.string().regex(/^[\w-]{1,64}$/),
  x: z.string().min(1),
  d: z.string().min(1),
  /** From when on it signs; absent: since ever. It verifies before, so that every process knows it in time. */
  activeFrom: instant.optional(),
  /** From when on it neither signs nor verifies; absent: never. */
  retireAt: instant.optional(),
});

const KeyFile = z.object({
  signingKeys: z
    .array(SigningKey)
    .min(1)
    .refine((keys) => new Set(keys.map(({ kid }) => kid)).size === keys.length, 'every kid is there once'),
  refreshSecret: z.string().regex(/^[A-Za-z0-9_-]{43,}$/),
});

export type SigningKey = z.output<typeof SigningKey>;
/** The content of AUTH_KEYS_FILE. */
export type KeyFile = z.output<typeof KeyFile>;

/** A new key signs this long after it was written: by then every process has read the file. */
export const activationDelayMs = 60_000;
/** How long a replaced key still verifies: the tokens it signed last, and some for clocks that differ. */
export const retirementDelayMs = accessTokenLifetimeSeconds * 1_000 + 60_000;

/** @throws an Error that names what is wrong, never its value */
export function parseKeyFile(text: string): KeyFile {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw new Error('AUTH_KEYS_FILE cannot be read as JSON');
  }
  const parsed = KeyFile.safeParse(content);
  if (parsed.success) return parsed.data;
  throw new Error(`AUTH_KEYS_FILE is not valid: ${parsed.error.issues.map((i) => i.path.join('.')).join(', ')}`);
}

export const formatKeyFile = (file: KeyFile): string => `${JSON.stringify(file, null, 2)}\n`;

type Term = Pick<SigningKey, 'activeFrom' | 'retireAt'>;

export const isRetired = ({ retireAt }: Term, now: Date): boolean => retireAt !== undefined && retireAt <= now;
export const isActive = (key: Term, now: Date): boolean =>
  !isRetired(key, now) && (key.activeFrom === undefined || key.activeFrom <= now);

/** The key that signs: of those whose time has come, the one whose time came last; of equals, the first of the file. */
export function signerOf<Key extends Term>(keys: readonly Key[], now: Date): Key | undefined {
  const since = (key: Key): number => key.activeFrom?.getTime() ?? -Infinity;
  return keys
    .filter((key) => isActive(key, now))
    .reduce<Key | undefined>((best, key) => (best === undefined || since(key) > since(best) ? key : best), undefined);
}

/**
 * The file with a new key that takes over after {@link activationDelayMs}; those it replaces retire
 * {@link retirementDelayMs} later, those retired already are left out.
 * @throws an Error while a key waits for its time, because a second rotation would retire what nobody used yet
 */
export function rotateKeys(file: KeyFile, now: Date): KeyFile {
  const kept = file.signingKeys.filter((key) => !isRetired(key, now));
  if (kept.some((key) => !isActive(key, now))) throw new Error('a rotation is under way: its key does not sign yet');
  const activeFrom = new Date(now.getTime() + activationDelayMs);
  const retireAt = new Date(activeFrom.getTime() + retirementDelayMs);
  const replaced = kept.map((key) => ({ ...key, retireAt: key.retireAt ?? retireAt }));
  return { ...file, signingKeys: [{ ...newSigningKey(), activeFrom }, ...replaced] };
}

function newSigningKey(): SigningKey {
  const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  return SigningKey.parse({ ...jwk, alg: accessTokenAlgorithm, kid: randomUUID() });
}
