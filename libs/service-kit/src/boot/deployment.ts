import { readFileSync, statSync } from 'node:fs';

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '[::1]' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);

export interface KeyFile {
  readonly variable: string;
  /** Undefined when it cannot be read as JSON. */
  readonly secrets: readonly string[] | undefined;
  /** Others than its owner may open it. */
  readonly isShared: boolean;
}

const keyFile = /_KEYS?_FILE$/;
/** `d` and `k` are those of a JSON Web Key. */
const secretMember = /^(?:d|k|key|secret|\w+Secret)$/;

/** An environment as the rules of start-up see it. */
export class Deployment {
  readonly urls: ReadonlyMap<string, URL>;
  readonly keyFiles: readonly KeyFile[];
  /** Nobody but this machine can reach it: what is sent in clear does not leave it, and passwords guard nothing more. */
  readonly isLocal: boolean;

  constructor(readonly env: Readonly<NodeJS.ProcessEnv>) {
    const set = Object.entries(env).filter((entry): entry is [string, string] => Boolean(entry[1]));
    this.urls = new Map(set.flatMap(([name, value]) => urlOf(name, value)));
    this.keyFiles = set.filter(([name]) => keyFile.test(name)).map(([variable, path]) => readKeyFile(variable, path));
    const publicUrl = this.urls.get('PUBLIC_URL');
    this.isLocal = publicUrl !== undefined && isLoopback(publicUrl.hostname) && isLoopback(env['HOST'] ?? '127.0.0.1');
  }
}

const urlOf = (name: string, value: string): [string, URL][] =>
  name.endsWith('_URL') && URL.canParse(value) ? [[name, new URL(value)]] : [];

function readKeyFile(variable: string, path: string): KeyFile {
  try {
    const secrets = [...secretsIn(JSON.parse(readFileSync(path, 'utf8')))];
    return { variable, secrets, isShared: (statSync(path).mode & 0o077) !== 0 };
  } catch {
    return { variable, secrets: undefined, isShared: false };
  }
}

function* secretsIn(content: unknown): Generator<string> {
  if (typeof content !== 'object' || content === null) return;
  for (const [name, value] of Object.entries(content)) {
    if (typeof value === 'string' && secretMember.test(name)) yield value;
    else yield* secretsIn(value);
  }
}
