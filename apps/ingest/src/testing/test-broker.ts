import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from '@jest/globals';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { variable } from './environment.js';
import { eventually } from './eventually.js';
import { freePort } from './test-ingest.js';

const running = new Set<TestBroker>();
afterAll(() => Promise.all([...running].map((broker) => broker.stop())));

/** A Mosquitto of one test file's own, to which anybody may publish: the stack's is served by the stack's ingest. */
export class TestBroker {
  readonly #clients: MqttClient[] = [];

  private constructor(
    readonly port: number,
    private readonly folder: string,
    private readonly child: ChildProcess,
  ) {}

  static async start(): Promise<TestBroker> {
    const port = await freePort();
    const folder = mkdtempSync(join(tmpdir(), 'hms-mosquitto-'));
    const config = join(folder, 'mosquitto.conf');
    writeFileSync(config, `listener ${port} 127.0.0.1\nallow_anonymous true\nuser root\nmax_queued_messages 100000\n`);
    const child = spawn(variable('MOSQUITTO'), ['-c', config], { env: libraries(), stdio: 'ignore' });
    const broker = new TestBroker(port, folder, child);
    running.add(broker);
    await eventually(() => broker.#answers());
    return broker;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  /** A client that ends with the broker, if not before: one that goes on connecting outlives its test file. */
  async connect(options: IClientOptions = {}): Promise<MqttClient> {
    const client = await mqtt.connectAsync(this.url, { protocolVersion: 5, ...options });
    this.#clients.push(client);
    return client;
  }

  /** Runs Mosquitto's own publisher to its end; resolves with its exit code. */
  async publish(topic: string, message: string, ...options: string[]): Promise<number | null> {
    const file = join(dirname(variable('MOSQUITTO')), '../bin/mosquitto_pub');
    const args = ['-p', String(this.port), '-V', '5', '-q', '1', '-t', topic, '-m', message, ...options];
    const child = spawn(file, args, { env: libraries(), stdio: 'ignore' });
    await once(child, 'exit');
    return child.exitCode;
  }

  async stop(): Promise<void> {
    running.delete(this);
    await Promise.all(this.#clients.map((client) => client.endAsync(true)));
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.child.kill('SIGKILL');
      await once(this.child, 'exit');
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  #answers(): Promise<true | undefined> {
    return new Promise((resolve) => {
      const socket = connect(this.port, '127.0.0.1');
      socket.once('connect', () => resolve(true)).once('error', () => resolve(undefined));
      socket.once('connect', () => socket.destroy());
    });
  }
}

const libraries = (): Record<string, string> => ({ LD_LIBRARY_PATH: process.env['MOSQUITTO_LIBRARY_PATH'] ?? '' });
