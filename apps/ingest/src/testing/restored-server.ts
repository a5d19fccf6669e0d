import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { withOwner } from '@hms/database';
import { afterAll } from '@jest/globals';
import { variable } from './environment.js';
import { eventually } from './eventually.js';
import { freePort } from './test-ingest.js';

const run = promisify(execFile);
const replayedWithinMs = 30_000;
/** Of the running server only, or copied once the rest is. */
const notCopied = new Set(['pg_wal', 'pg_replslot', 'postmaster.pid', 'postmaster.opts']);

const running = new Set<RestoredServer>();
afterAll(() => Promise.all([...running].map((server) => server.stop())));

/** The files of the stack's database server as they were at one moment, taken while it runs. */
export class Backup {
  private constructor(private readonly folder: string) {}

  /** Whether the stack has a database server whose files can be taken: not one that only an URL is known of. */
  static get isPossible(): boolean {
    return process.env['POSTGRES'] !== undefined;
  }

  static async take(): Promise<Backup> {
    const source = join(variable('HMS_DATA'), 'pg', 'primary');
    const folder = await mkdtemp(join(tmpdir(), 'hms-restored-'));
    await withOwner(variable('DATABASE_SUPERUSER_URL'), async (superuser) => {
      const begun = await superuser.query<{ first: string }>(
        `select pg_walfile_name(pg_backup_start('test', true)) as first`,
      );
      const parts = (await readdir(source)).filter((name) => !notCopied.has(name));
      // Files may vanish meanwhile: what was dropped is missing in the log as well.
      await copy(parts.map((name) => join(source, name), folder).concat(folder)).catch(() => undefined);
      const ended = await superuser.query<{ label: string }>('select labelfile as label from pg_backup_stop(false)');
      await writeFile(join(folder, 'backup_label'), ended.rows[0]?.label ?? '');
      await copyLog(source, folder, begun.rows[0]?.first ?? '');
    });
    for (const name of ['pg_replslot', 'pg_wal/archive_status']) await mkdir(join(folder, name), { recursive: true });
    await writeFile(join(folder, 'recovery.signal'), '');
    await handOver(source, folder);
    return new Backup(folder);
  }

  /** Starts it: what the log has is replayed, then a timeline of its own begins, as after each recovery or promotion. */
  async restore(): Promise<RestoredServer> {
    const server = await RestoredServer.start(this.folder);
    running.add(server);
    return server;
  }
}

export class RestoredServer {
  private constructor(
    private readonly folder: string,
    private readonly port: number,
    private readonly child: ChildProcess,
  ) {}

  static async start(folder: string): Promise<RestoredServer> {
    const [port, { uid, gid }] = [await freePort(), await stat(folder)];
    const options = {
      config_file: join(variable('HMS_DATA'), 'conf', 'primary.conf'),
      ...{ port, shared_buffers: '64MB', restore_command: 'false' },
    };
    const args = Object.entries(options).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const child = spawn(variable('POSTGRES'), ['-D', folder, ...args], {
      env: { LD_LIBRARY_PATH: process.env['POSTGRES_LIBRARY_PATH'] ?? '' },
      ...(process.getuid?.() === 0 ? { uid, gid } : {}),
      stdio: 'ignore',
    });
    const server = new RestoredServer(folder, port, child);
    await eventually(() => server.#writes(), replayedWithinMs);
    return server;
  }

  /** The URL of the stack's server, as it is for this one. */
  url(name: string): string {
    return Object.assign(new URL(variable(name)), { port: String(this.port) }).href;
  }

  async stop(): Promise<void> {
    running.delete(this);
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.child.kill('SIGQUIT');
      await once(this.child, 'exit');
    }
    await rm(this.folder, { recursive: true, force: true });
  }

  async #writes(): Promise<true | undefined> {
    if (this.child.exitCode !== null) throw new Error(`the restored server ended with ${this.child.exitCode}`);
    const asked = withOwner(this.url('DATABASE_SUPERUSER_URL'), (superuser) =>
      superuser.query<{ standby: boolean }>('select pg_is_in_recovery() as standby'),
    );
    const [row] = await asked.then(
      ({ rows }) => rows,
      () => [],
    );
    return row?.standby === false || undefined;
  }
}

/** The last is where to. */
const copy = (paths: readonly string[]): Promise<unknown> => run('cp', ['-a', ...paths]);

async function copyLog(source: string, folder: string, first: string): Promise<void> {
  await mkdir(join(folder, 'pg_wal'));
  const log = await readdir(join(source, 'pg_wal'));
  const needed = log.filter((name) => /^[0-9A-F]{24}$/.test(name) && name >= first);
  await copy([...needed.map((name) => join(source, 'pg_wal', name)), join(folder, 'pg_wal')]);
}

/** To whom the server's files belong, which is not root. */
async function handOver(source: string, folder: string): Promise<void> {
  const { uid, gid } = await stat(source);
  for (const name of ['', 'pg_wal', 'pg_wal/archive_status', 'pg_replslot', 'backup_label', 'recovery.signal'])
    await chown(join(folder, name), uid, gid);
}
