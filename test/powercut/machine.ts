import { execFile, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const imageBytes = 12 * 2 ** 30;
const launcher = new URL('../../deploy/local/main.mjs', import.meta.url).pathname;

/**
 * A machine whose disk is a file: a whole stack that keeps its data on a file system of its own. What it has not made its
 * disk write is in memory only, and gone with {@link cutPower}. Needs root, for mounting.
 */
export class Machine {
  readonly #mount: string;
  readonly #data: string;
  #image = 0;

  constructor(
    private readonly folder: string,
    private readonly port: number,
  ) {
    this.#mount = join(folder, 'disk');
    this.#data = join(this.#mount, 'data');
  }

  /** Partitions, so to speak, an empty disk. */
  async build(): Promise<void> {
    rmSync(this.folder, { recursive: true, force: true });
    mkdirSync(this.#mount, { recursive: true });
    chmodSync(this.folder, 0o755);
    writeFileSync(this.#file, '');
    truncateSync(this.#file, imageBytes);
    await run('mkfs.ext4', ['-q', this.#file]);
    await this.#attach();
    mkdirSync(this.#data);
  }

  /** Resolves with the environment of the stack once it answers. */
  async start(): Promise<Record<string, string>> {
    await launch('start', this.#variables, ['--detach']);
    const lines = readFileSync(join(this.#data, 'env'), 'utf8').split('\n');
    return Object.fromEntries(
      lines.flatMap((line) => {
        const [, name, value] = /^export (\w+)='?(.*?)'?$/.exec(line) ?? [];
        return name && value !== undefined ? [[name, value]] : [];
      }),
    );
  }

  /** What was installed a while ago is on the disk. */
  async settle(): Promise<void> {
    await run('sync', ['-f', this.#mount]);
  }

  /** Ends every process at once and leaves of the disk what had reached it. */
  async cutPower(): Promise<void> {
    // The youngest first: the launcher would tell the others to end in order. And again, for what they started meanwhile.
    for (let pids = await this.#pids(); pids.length > 0; pids = await this.#pids()) {
      for (const pid of pids.reverse()) tryToKill(pid);
    }
    const before = this.#file;
    this.#image += 1;
    // The device as it is, beneath the page cache of its file system: nothing after this moment gets into the copy.
    await run('cp', ['--sparse=always', before, this.#file]);
    await run('umount', ['-l', this.#mount]);
    await this.#attach();
    rmSync(before);
  }

  async stop(): Promise<void> {
    await launch('stop', this.#variables, []).catch(() => undefined);
    await run('umount', ['-l', this.#mount]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  get #file(): string {
    return join(this.folder, `${this.#image}.img`);
  }

  get #variables(): NodeJS.ProcessEnv {
    return { ...process.env, HMS_DATA: this.#data, HMS_PORT: String(this.port) };
  }

  #attach(): Promise<unknown> {
    return run('mount', ['-o', 'loop', this.#file, this.#mount]);
  }

  /** Whoever has the disk open, which is all of the stack. */
  async #pids(): Promise<number[]> {
    const { stdout } = await run('fuser', ['-m', this.#mount]).catch(() => ({ stdout: '' }));
    return stdout.trim().split(/\s+/).map(Number).filter(Boolean);
  }
}

function launch(command: string, env: NodeJS.ProcessEnv, args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [launcher, command, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`${command} ended with ${code}: ${said}`)),
    );
  });
}

function tryToKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}
