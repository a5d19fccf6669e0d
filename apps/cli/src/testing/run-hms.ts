import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

export interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface RunningHms {
  readonly ended: Promise<Run>;
  kill(signal: NodeJS.Signals): void;
}

/** Starts the built program as an operator would. */
export function startHms(...args: readonly string[]): RunningHms {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => (out += String(chunk)));
  child.stderr.on('data', (chunk) => (err += String(chunk)));
  const ended = new Promise<Run>((resolve) => child.once('close', (code) => resolve({ code, out, err })));
  return { ended, kill: (signal) => void child.kill(signal) };
}

export const runHms = (...args: readonly string[]): Promise<Run> => startHms(...args).ended;
