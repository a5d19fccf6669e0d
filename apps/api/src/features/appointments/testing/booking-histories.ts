import type { AppointmentStatus } from '@hms/contracts';
import { HospitalDatabase, hospitalRef, type Hospital, type HospitalRef, type TenantTx } from '@hms/database';
import fc from 'fast-check';
import { uuidv7 } from 'uuidv7';
import { AppointmentsRepository, type NewAppointment, type SeatRequest } from '../appointments.repository.js';
import { TestClinic } from './test-clinic.js';

export type Step =
  | { readonly kind: 'book'; readonly at: number; readonly length: number; readonly hold: 'none' | 'open' | 'expired' }
  | { readonly kind: 'move'; readonly nth: number; readonly at: number }
  | { readonly kind: 'settle' | 'cancel'; readonly nth: number };

export interface History {
  readonly capacity: number;
  /** What each writer does, one after another, beside the others. */
  readonly writers: readonly (readonly Step[])[];
}

const slot = fc.nat(3);
const nth = fc.nat(5);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('book' as const),
      at: slot,
      length: fc.integer({ min: 1, max: 2 }),
      hold: fc.constantFrom('none' as const, 'none' as const, 'open' as const, 'expired' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('move' as const), nth, at: slot }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('settle' as const, 'cancel' as const), nth }) },
);

export const history = (writers: number): fc.Arbitrary<History> =>
  fc.record({
    capacity: fc.integer({ min: 1, max: 2 }),
    writers: fc.array(fc.array(step, { minLength: 1, maxLength: 3 }), { minLength: 2, maxLength: writers }),
  });

/** From when until when a transaction ran, by one clock. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/** An appointment that was committed, and what took it away, as the writers saw it. */
interface Made {
  readonly id: string;
  readonly at: number;
  readonly length: number;
  readonly seat: number;
  readonly expired: boolean;
  readonly made: Span;
  gone?: Span;
}

/** Somebody who was refused a seat. */
type Refused = Pick<Made, 'at' | 'length' | 'made'>;

export interface Verdict {
  /** Two that had one seat at one time for sure. */
  readonly overlaps: string[];
  /** Who was refused though a seat was free all the while. */
  readonly refusals: string[];
}

const unitMs = 30 * 60_000;
const base = Date.UTC(2030, 0, 7, 9);
const timeOf = (unit: number): Date => new Date(base + unit * unitMs);
class NoSeat extends Error {}

/** Runs histories with the repository of the application, each on a resource of its own. */
export class BookingHistories {
  readonly #appointments = new AppointmentsRepository();

  private constructor(
    private readonly database: HospitalDatabase,
    private readonly hospital: HospitalRef,
    private readonly clinic: TestClinic,
    private readonly what: { patientId: string; serviceId: string; siteId: string },
  ) {}

  static async open(hospital: Hospital, poolSize: number): Promise<BookingHistories> {
    const clinic = new TestClinic(hospital);
    const [patientId, serviceId, siteId] = [await clinic.patient(), await clinic.service(), await clinic.site()];
    const url = process.env['DATABASE_URL'] ?? '';
    const database = new HospitalDatabase({ url, poolSize, onError: () => undefined });
    return new BookingHistories(database, hospitalRef(hospital), clinic, { patientId, serviceId, siteId });
  }

  close(): Promise<void> {
    return this.database.close();
  }

  async run({ capacity, writers }: History): Promise<Verdict> {
    const providerId = await this.clinic.resource(this.what.siteId, 'provider', capacity);
    const [made, refused]: [Made[], Refused[]] = [[], []];
    await Promise.all(
      writers.map(async (steps) => {
        for (const each of steps) await this.#do(each, { providerId, capacity, made, refused });
      }),
    );
    return {
      overlaps: [...overlapsOf(made), ...(await this.#overfull(providerId, capacity))],
      refusals: refused.filter((each) => hasFreeSeat(each, made, capacity)).map((each) => JSON.stringify(each)),
    };
  }

  async #do(
    step: Step,
    run: { providerId: string; capacity: number; made: Made[]; refused: Refused[] },
  ): Promise<void> {
    const { made, refused } = run;
    if (step.kind === 'book') {
      const { at, length, hold } = step;
      const placed = await timed(() => this.#inHospital((tx) => this.#place(tx, run, { at, length, hold })));
      if (placed.value) made.push({ ...placed.value, at, length, expired: hold === 'expired', made: placed.span });
      else refused.push({ at, length, made: placed.span });
      return;
    }
    const target = made[step.nth];
    if (!target) return;
    if (step.kind === 'move') await this.#move(target, step.at, run);
    else await this.#settleOrCancel(target, step.kind === 'settle' ? 'booked' : 'cancelled');
  }

  async #settleOrCancel(target: Made, to: AppointmentStatus): Promise<void> {
    const { value, span } = await timed(() => this.#inHospital((tx) => this.#become(tx, target.id, to)));
    if (value && to === 'cancelled') target.gone = span;
  }

  async #move(
    target: Made,
    at: number,
    run: { providerId: string; capacity: number; made: Made[]; refused: Refused[] },
  ): Promise<void> {
    const { length } = target;
    let wasMoved = false;
    const { value, span } = await timed(() =>
      this.#inHospital(async (tx) => {
        wasMoved = await this.#become(tx, target.id, 'rescheduled');
        return wasMoved ? this.#place(tx, run, { at, length, hold: 'none' }) : undefined;
      }),
    );
    if (value) {
      target.gone = span;
      run.made.push({ ...value, at, length, expired: false, made: span });
    }
    // Its own old seat was free to it, so whether another was is not known from the others alone.
  }

  async #place(
    tx: TenantTx,
    { providerId, capacity }: { providerId: string; capacity: number },
    { at, length, hold }: { at: number; length: number; hold: 'none' | 'open' | 'expired' },
  ): Promise<{ id: string; seat: number }> {
    const now = new Date();
    const [start, end] = [timeOf(at), timeOf(at + length)];
    const row: NewAppointment = {
      ...this.what,
      id: uuidv7(),
      providerId,
      status: hold === 'none' ? 'booked' : 'held',
      start,
      end,
      tz: 'UTC',
      reason: null,
      notes: null,
      source: 'test',
      contactPhone: null,
      doctorName: 'Dr Test',
      clinicName: 'Test',
      overbookReason: null,
      holdExpiresAt: hold === 'none' ? null : new Date(now.getTime() + (hold === 'open' ? 600_000 : -1)),
      rescheduleOf: null,
    };
    const seat: SeatRequest = { resourceId: providerId, from: start, to: end, capacity };
    const placed = await this.#appointments.place(tx, { row, seats: [seat], by: row.patientId }, now);
    const taken = placed?.seats[0];
    if (typeof taken !== 'number') throw new NoSeat();
    return { id: row.id, seat: taken };
  }

  async #become(tx: TenantTx, id: string, to: AppointmentStatus): Promise<boolean> {
    const move = { to, by: this.what.patientId, reason: null };
    return (await this.#appointments.move(tx, id, move, new Date())) !== undefined;
  }

  async #inHospital<T>(work: (tx: TenantTx) => Promise<T>): Promise<T | undefined> {
    return this.database.inHospital(this.hospital, work).catch((err: unknown) => {
      if (err instanceof NoSeat) return undefined;
      throw err;
    });
  }

  /** Moments with more appointments than the resource has seats, whatever seats they say they have. */
  async #overfull(providerId: string, capacity: number): Promise<string[]> {
    const rows = await this.clinic.query<{ at: string; n: number }>(
      `select lower(a.during)::text as at, count(*)::int as n
         from {schema}.appointment a
         join {schema}.appointment b on b.provider_id = a.provider_id and b.during @> lower(a.during)
          and b.status not in ('cancelled', 'rescheduled')
        where a.provider_id = $1 and a.status not in ('cancelled', 'rescheduled')
        group by a.id, a.during having count(*) > $2`,
      [providerId, capacity],
    );
    return rows.map(({ at, n }) => `${n} at ${at} of ${capacity}`);
  }
}

async function timed<T>(work: () => Promise<T>): Promise<{ value: T; span: Span }> {
  const from = performance.now();
  const value = await work();
  return { value, span: { from, to: performance.now() } };
}

type Times = Pick<Made, 'at' | 'length'>;
const touch = (a: Times, b: Times): boolean => a.at < b.at + b.length && b.at < a.at + a.length;

/** Surely there: from the end of what made it to the begin of what took it away. Expired holds are anybody's. */
function overlapsOf(made: readonly Made[]): string[] {
  return made.flatMap((a, i) =>
    made.slice(i + 1).flatMap((b) => {
      const from = Math.max(a.made.to, b.made.to);
      const to = Math.min(a.gone?.from ?? Infinity, b.gone?.from ?? Infinity);
      const isSure = !a.expired && !b.expired && from < to;
      return isSure && a.seat === b.seat && touch(a, b) ? [`${JSON.stringify(a)} and ${JSON.stringify(b)}`] : [];
    }),
  );
}

/** Perhaps there: from the begin of what made it to the end of what took it away. A seat without any was free. */
function hasFreeSeat(refused: Refused, made: readonly Made[], capacity: number): boolean {
  const inTheWay = made.filter((each) => {
    const to = each.expired ? each.made.to : (each.gone?.to ?? Infinity);
    return touch(each, refused) && each.made.from < refused.made.to && to > refused.made.from;
  });
  return new Set(inTheWay.map(({ seat }) => seat)).size < capacity;
}
