import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { FileKeyProvider } from './file-key-provider.js';
import { readKeyFile } from './key-file.js';
import type { KeyProvider } from './key-provider.js';
import { VaultKeyProvider } from './vault-key-provider.js';

/** Where the key-encryption keys are: a file, or HashiCorp Vault. */
export type KeySource =
  | { readonly from: 'file'; readonly path: string }
  | { readonly from: 'vault'; readonly url: string; readonly key: string; readonly tokenFile: string };

const KeyEnv = z.object({
  ENCRYPTION_KEYS_FILE: z.string().min(1).optional(),
  KMS_URL: z.url({ protocol: /^https?$/ }).optional(),
  KMS_KEY: z
    .string()
    .regex(/^[\w-]{1,100}$/)
    .optional(),
  KMS_TOKEN_FILE: z.string().min(1).optional(),
});

const loopback = new Set(['127.0.0.1', '[::1]', 'localhost']);

/** @throws an Error that names the variable that is missing or wrong, never its value */
export function readKeySource(env: NodeJS.ProcessEnv): KeySource {
  const parsed = KeyEnv.safeParse(env);
  if (!parsed.success)
    throw new Error(`Invalid environment: ${parsed.error.issues.map((i) => i.path.join('.')).join(', ')}`);
  const { ENCRYPTION_KEYS_FILE: path, KMS_URL: url, KMS_KEY: key, KMS_TOKEN_FILE: tokenFile } = parsed.data;
  if (path !== undefined && url !== undefined) throw new Error('Set ENCRYPTION_KEYS_FILE or KMS_URL, not both');
  if (path !== undefined) return keyFile(path);
  if (url === undefined) throw new Error('Set ENCRYPTION_KEYS_FILE, or KMS_URL, KMS_KEY and KMS_TOKEN_FILE');
  if (key === undefined || tokenFile === undefined) throw new Error('KMS_URL needs KMS_KEY and KMS_TOKEN_FILE');
  const { protocol, hostname } = new URL(url);
  if (protocol !== 'https:' && !loopback.has(hostname)) throw new Error('KMS_URL must be https');
  return { from: 'vault', url, key, tokenFile: readable(tokenFile) };
}

export function openKeyProvider(source: KeySource): KeyProvider {
  return source.from === 'file' ? new FileKeyProvider(source.path) : new VaultKeyProvider(source);
}

function keyFile(path: string): KeySource {
  readKeyFile(path);
  return { from: 'file', path };
}

function readable(tokenFile: string): string {
  try {
    readFileSync(tokenFile);
    return tokenFile;
  } catch {
    throw new Error('KMS_TOKEN_FILE cannot be read');
  }
}
