import { eventually } from '../../acceptance/support/client.js';
import { required } from '../../acceptance/support/stack.js';

const control = required('HMS_CONTROL');

interface Running {
  readonly services: readonly { readonly name: string; readonly state: string }[];
}

const running = async (): Promise<Running> => (await (await fetch(`${control}/services`)).json()) as Running;

/** Ends a service with SIGKILL; resolves when it, and all that fell with it, is up again. */
export async function kill(victim: string): Promise<void> {
  await fetch(`${control}/services/${victim}/kill`, { method: 'POST' });
  await eventually(
    running,
    (now) => now.services.every(({ name, state }) => name !== victim || state !== 'ready'),
    5_000,
  );
  await eventually(running, (now) => now.services.every(({ state }) => state === 'ready'), 60_000);
}
