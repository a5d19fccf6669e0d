import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('./hello-server.mjs', import.meta.url));

/**
 * Starts the bare server in a process of its own; it ends with this process.
 * @returns {Promise<{ url: string, pid: number, stop: () => void }>}
 */
export async function startHelloServer() {
  const child = fork(program);
  const [port] = await once(child, 'message');
  return { url: `http://127.0.0.1:${port}/telemetry`, pid: child.pid ?? 0, stop: () => child.disconnect() };
}
