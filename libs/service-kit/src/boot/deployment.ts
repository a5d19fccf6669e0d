import { readFileSync, statSync } from 'node:fs';

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '[::1]' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);

export interface SecretFile {
  readonly variable: string;
  /** Keys in JSON, or a token as it stands. */
  readonly holds: 'keys' | 'token';
  /** Empty when it cannot be read. */
  readonly secrets: readonly string[];
  /** Others than its owner may open it. */
  readonly isShared: boolean;
}

export interface Folder {
  readonly variable: string;
  /** Others than its owner may change what is in it. */
  readonly isShared: boolean;
}

const keyFile = /_KEYS?_FILE$/;
const secretFile = /_(?:KEYS?|TOKEN)_FILE$/;
/** `d` and `k` are those of a JSON Web Key. */
const secretMember = /^(?:d|k|key|secret|\w+Secret)$/;

/** An environment as the rules of start-up see it. */
export class Deployment {
  readonly urls: ReadonlyMap<string, URL>;
  readonly secretFiles: readonly SecretFile[];
  readonly folders: readonly Folder[];
  /** Nobody but this machine can reach it: what is sent in clear does not leave it, and passwords guard nothing more. */
  readonly isLocal: boolean;

  constructor(readonly env: Readonly<NodeJS.ProcessEnv>) {
    const set = Object.entries(env).filter((entry): entry is [string, string] => Boolean(entry[1]));
    this.urls = new Map(set.flatMap(([name, value]) => urlOf(name, value)));
    this.secretFiles = set.filter(([name]) => secretFile.test(name)).map(([name, path]) => readSecretFile(name, path));
    this.folders = set.filter(([name]) => name.endsWith('_DIR')).map(([name, path]) => lookAt(name, path));
    const publicUrl = this.urls.get('PUBLIC_URL');
    this.isLocal = publicUrl !== undefined && isLoopback(publicUrl.hostname) && isLoopback(env['HOST'] ?? '127.0.0.1');
  }
}

const urlOf = (name: string, value: string): [string, URL][] =>
  name.endsWith('_URL') && URL.canParse(value) ? [[name, new URL(value)]] : [];

function readSecretFile(variable: string, path: string): SecretFile {
  const holds = keyFile.test(variable) ? 'keys' : 'token';
  try {
    const text = readFileSync(path, 'utf8');
    const secrets = holds === 'keys' ? [...secretsIn(JSON.parse(text))] : [text.trim()].filter(Boolean);
    return { variable, holds, secrets, isShared: (statSync(path).mode & 0o077) !== 0 };
  } catch {
    return { variable, holds, secrets: [], isShared: false };
  }
}

/** A folder that is not there yet is made by the service, for itself alone. */
function lookAt(variable: string, path: string): Folder {
  try {
    return { variable, isShared: (statSync(path).mode & 0o022) !== 0 };
  } catch {
    return { variable, isShared: false };
  }
}

function* secretsIn(content: unknown): Generator<string> {
  if (typeof content !== 'object' || content === null) return;
  for (const [name, value] of Object.entries(content)) {
    if (typeof value === 'string' && secretMember.test(name)) yield value;
    else yield* secretsIn(value);
  }
}
