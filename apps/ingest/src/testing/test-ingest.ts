import { spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import { variable } from './environment.js';
import { eventually } from './eventually.js';

const compiled = join(import.meta.dirname, '../../dist/main.js');

export interface Response {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface TestIngestOptions {
  readonly entry?: string;
  readonly port?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** A test that fails half-way leaves no service behind. */
const running = new Set<TestIngest>();
afterAll(() => Promise.all([...running].map((ingest) => ingest.kill())));

/** The real service in a process of its own. */
export class TestIngest {
  private constructor(
    readonly port: number,
    private readonly child: ChildProcess,
    private readonly output: string[],
  ) {}

  static async start({ entry = compiled, port, env = {} }: TestIngestOptions = {}): Promise<TestIngest> {
    const own = port ?? (await freePort());
    const child = spawn(process.execPath, [entry], {
      env: {
        NODE_ENV: 'test',
        PORT: String(own),
        DATABASE_URL: variable('INGEST_DATABASE_URL'),
        REDIS_URL: variable('REDIS_URL'),
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output: string[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => output.push(String(chunk)));
    const ingest = new TestIngest(own, child, output);
    running.add(ingest);
    await eventually(async () => {
      if (child.exitCode !== null) throw new Error(`ingest ended at start: ${ingest.log}`);
      return (await ingest.isReady()) || undefined;
    });
    return ingest;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get log(): string {
    return this.output.join('');
  }

  get exitCode(): number | null {
    return this.child.exitCode;
  }

  async isReady(): Promise<boolean> {
    return fetch(`${this.url}/readyz`).then(
      ({ status }) => status === 200,
      () => false,
    );
  }

  /** Sends text as it is, anything else as JSON. */
  async post(key: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    const raw = typeof body === 'string' || body instanceof Uint8Array;
    const response = await fetch(`${this.url}/telemetry`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
      body: raw ? body : JSON.stringify(body),
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as Response['body'] };
  }

  /** @param label that counts alone, as in `outcome="stored"` */
  async metric(name: string, label = ''): Promise<number> {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    const lines = text
      .split('\n')
      .filter((line) => (line.startsWith(`${name}{`) || line.startsWith(`${name} `)) && line.includes(label));
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** Asks it to end; resolves with its exit code. */
  async stop(): Promise<number | null> {
    return this.#end('SIGTERM');
  }

  /** Gives it no chance to do anything. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.child.kill(signal);
      await once(this.child, 'exit');
    }
    return this.child.exitCode;
  }
}

/** Below the range from which the system takes ports for outgoing connections. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
    });
    server.close();
    if (free) return port;
  }
}
