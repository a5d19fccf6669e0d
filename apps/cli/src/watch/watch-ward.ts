import { alarmPriorities } from '@hms/contracts';
import { z } from 'zod';
import { type ApiSession } from './api-session.js';
import { LiveWard } from './live-ward.js';
import { LineScreen, OnceScreen, TerminalScreen, type Screen, type ScreenState } from './screen.js';
import { WardBoard } from './ward-board.js';

const wardPatients = z.object({
  items: z.array(
    z.object({ patientId: z.string(), mrn: z.string(), name: z.string(), bedLabel: z.string().nullable() }),
  ),
});

const wardAlarms = z.object({
  items: z.array(
    z.object({ patientId: z.string(), rule: z.string(), priority: z.enum(alarmPriorities), state: z.string() }),
  ),
});

export interface WatchedWard {
  readonly baseUrl: string;
  readonly session: ApiSession;
  readonly ward: { readonly id: string; readonly name: string };
  /** Print the first table and end. */
  readonly once: boolean;
  /** Milliseconds; Infinity for until Ctrl-C. */
  readonly forMs: number;
}

/** How long `--once` waits for values. */
const firstWithinMs = 10_000;

/** Shows a ward until it is told to stop. */
export async function watchWard({ baseUrl, session, ward, once, forMs }: WatchedWard): Promise<void> {
  const board = new WardBoard();
  const patients = new PatientList(session, ward.id, board);
  const alarms = new AlarmList(session, ward.id, board);
  await Promise.all([patients.load(), alarms.load()]);
  let connection = 'connecting';
  const { ended, end } = untilToldToStop(Math.min(forMs, once ? firstWithinMs : Infinity));
  const state = { title: ward.name, board, connection: () => connection };
  const screen = screenFor(state, once, end);
  const live = new LiveWard(baseUrl, session, ward.id, {
    onState: (connected, reason) => {
      connection = connected ? 'live' : `not connected (${reason ?? 'lost'}), trying again`;
      if (connected) void alarms.reload().then(() => screen.refresh());
      screen.refresh();
    },
    onAlarm: () => void alarms.reload().then(() => screen.refresh()),
    onVitals: (updates) => {
      for (const update of updates) board.apply(update);
      if (updates.some(({ patientId }) => !board.knows(patientId))) patients.reload();
      screen.updated(new Set(updates.map(({ patientId }) => patientId)));
    },
  });
  await ended;
  live.close();
  screen.close();
}

function screenFor(state: ScreenState, once: boolean, end: () => void): Screen {
  if (once) return new OnceScreen(state, end);
  return process.stdout.isTTY ? new TerminalScreen(state) : new LineScreen(state);
}

/** Who lies in the ward, asked again when somebody new shows up. */
class PatientList {
  #reloading = false;

  constructor(
    private readonly session: ApiSession,
    private readonly wardId: string,
    private readonly board: WardBoard,
  ) {}

  async load(): Promise<void> {
    const { items } = await this.session.get(`/api/v1/wards/${this.wardId}/patients`, wardPatients);
    this.board.setPatients(items);
  }

  reload(): void {
    if (this.#reloading) return;
    this.#reloading = true;
    void this.load()
      .catch(() => undefined) // the next update asks again
      .finally(() => (this.#reloading = false));
  }
}

/** The open alarms of the ward, asked again when one changes. */
class AlarmList {
  #loading: Promise<void> | undefined;
  #stale = false;

  constructor(
    private readonly session: ApiSession,
    private readonly wardId: string,
    private readonly board: WardBoard,
  ) {}

  async load(): Promise<void> {
    const { items } = await this.session.get(`/api/v1/alarms?wardId=${this.wardId}&state=open&limit=100`, wardAlarms);
    this.board.setAlarms(items.map((alarm) => ({ ...alarm, acknowledged: alarm.state === 'acknowledged' })));
  }

  /** Changes that come while it asks make it ask once more. What cannot be read now is asked for with the next change. */
  reload(): Promise<void> {
    this.#stale = true;
    return (this.#loading ??= this.#untilFresh().finally(() => (this.#loading = undefined)));
  }

  async #untilFresh(): Promise<void> {
    while (this.#stale) {
      this.#stale = false;
      await this.load().catch(() => undefined);
    }
  }
}

function untilToldToStop(ms: number): { ended: Promise<void>; end: () => void } {
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end);
  if (Number.isFinite(ms)) setTimeout(end, ms).unref();
  return { ended, end };
}
