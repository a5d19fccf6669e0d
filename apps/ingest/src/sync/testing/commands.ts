import * as fc from 'fast-check';
import type { Fate } from './line.js';

/** What a person does on a device. */
export const edits = [
  'note',
  'phone',
  'name',
  'allergy',
  'severity',
  'resolve',
  'condition',
  'observation',
  'book',
  'cancel',
  'sign',
  'poison',
  'together',
  'foreign',
] as const;
export type Edit = (typeof edits)[number];

/** What somebody with SQL does. */
export const changes = ['name', 'phone', 'move', 'note', 'condition', 'severity', 'worsen', 'delete'] as const;
export type Change = (typeof changes)[number];

/** What may happen. Numbers choose among what there is. */
export type Command =
  | { readonly do: 'edit'; readonly phone: number | 'everybody'; readonly edit: Edit; readonly patient: number }
  | {
      readonly do: 'sync';
      readonly phones: readonly number[];
      readonly worker: number;
      readonly fates: readonly Fate[];
    }
  /** Requests that are held go on, and late ones arrive. */
  | { readonly do: 'release' }
  | {
      readonly do: 'sql';
      readonly writer: number;
      readonly change: Change;
      readonly patient: number;
      readonly ward: number;
    }
  | { readonly do: 'end'; readonly writer: number; readonly how: 'commit' | 'rollback' }
  /** Many rows in one transaction. */
  | { readonly do: 'bulk'; readonly patient: number; readonly rows: number }
  /** The user works on other wards from now on. */
  | { readonly do: 'assign'; readonly phone: number; readonly wards: readonly number[] }
  /** The user breaks the glass for a patient, or it is closed. */
  | { readonly do: 'glass'; readonly phone: number; readonly patient: number }
  | { readonly do: 'revoke'; readonly phone: number }
  /** Somebody of the other hospital asks under the id of this device. */
  | { readonly do: 'impostor'; readonly phone: number }
  /** The application dies at one of its next commits, such as between rows and cursor. */
  | { readonly do: 'crash'; readonly phone: number; readonly commits: number; readonly when: 'before' | 'after' }
  | { readonly do: 'restart'; readonly phone: number }
  /** The clock of the device is that wrong from now on. */
  | { readonly do: 'clock'; readonly phone: number; readonly aheadMs: number }
  /** A second device from a backup of the first. */
  | { readonly do: 'clone'; readonly phone: number }
  /** Everybody was away for longer than the feed is kept. */
  | { readonly do: 'absence' }
  | {
      readonly do: 'kill';
      readonly worker: number;
      readonly when: 'now' | 'before' | 'inside' | 'after';
      readonly phone: number;
    }
  /** The database ends the connections of the service. */
  | { readonly do: 'terminate' }
  /** The pooler is away, for one of the workers, until it is back. */
  | { readonly do: 'pooler'; readonly worker: number; readonly on: boolean }
  /** The disk of the database takes no rows of the hospital until there is room again. */
  | { readonly do: 'disk'; readonly full: boolean }
  /** No relay moves until it goes on. */
  | { readonly do: 'stall'; readonly on: boolean }
  /** Several relays at once, until all that is committed is in the feed. */
  | { readonly do: 'relay'; readonly rows: readonly number[] };

export const maxPhones = 8;

const phone = fc.nat(maxPhones - 1);
const patient = fc.nat(3);
const writer = fc.nat(1);
const worker = fc.nat(1);
const ward = fc.nat(2);

const fates = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.constant<Fate>('answered') },
    {
      weight: 4,
      arbitrary: fc.constantFrom<Fate>(
        'request-lost',
        'request-cut',
        'answer-lost',
        'answer-cut',
        'twice',
        'late',
        'held',
      ),
    },
  ),
  { minLength: 1, maxLength: 3 },
);

const hourMs = 3_600_000;
/** Somebody set the year, or the zone; the network corrected it; it was right. */
const clocks = fc.constantFrom(-365 * 24 * hourMs, -hourMs, 0, 0, 2 * hourMs, 365 * 24 * hourMs);

const of = <K extends Command['do']>(kind: K): fc.Arbitrary<K> => fc.constant(kind);

const common = [
  fc.record({ do: of('edit'), phone, edit: fc.constantFrom(...edits), patient }),
  fc.record({ do: of('sync'), phones: fc.uniqueArray(phone, { minLength: 1, maxLength: 4 }), worker, fates }),
  fc.record({ do: of('sql'), writer, change: fc.constantFrom(...changes), patient, ward }),
  fc.record({ do: of('end'), writer, how: fc.constantFrom('commit' as const, 'commit' as const, 'rollback' as const) }),
];
const seldom = [
  fc.record({ do: of('edit'), phone: fc.constant('everybody' as const), edit: fc.constant('book' as const), patient }),
  fc.record({ do: of('release') }),
  fc.record({ do: of('bulk'), patient, rows: fc.integer({ min: 5, max: 15 }) }),
  fc.record({ do: of('assign'), phone, wards: fc.uniqueArray(ward, { maxLength: 2 }) }),
  fc.record({ do: of('glass'), phone, patient }),
  fc.record({ do: of('impostor'), phone }),
  fc.record({
    do: of('crash'),
    phone,
    commits: fc.integer({ min: 1, max: 5 }),
    when: fc.constantFrom('before' as const, 'after' as const),
  }),
  fc.record({ do: of('restart'), phone }),
  fc.record({ do: of('clock'), phone, aheadMs: clocks }),
  fc.record({ do: of('clone'), phone }),
  fc.record({
    do: of('kill'),
    worker,
    when: fc.constantFrom('now' as const, 'before' as const, 'inside' as const, 'after' as const),
    phone,
  }),
  fc.record({ do: of('relay'), rows: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 }) }),
  fc.record({ do: of('stall'), on: fc.boolean() }),
  fc.record({ do: of('pooler'), worker, on: fc.boolean() }),
  fc.record({ do: of('disk'), full: fc.boolean() }),
];
const rare = [
  fc.record({ do: of('absence') }),
  fc.record({ do: of('revoke'), phone }),
  fc.record({ do: of('terminate') }),
];

/** What is common several times, because each is drawn as often as any other. */
export const commandArbitraries: readonly fc.Arbitrary<Command>[] = [
  ...common,
  ...common,
  ...common,
  ...common,
  fc.oneof(...seldom),
  fc.oneof(...seldom),
  fc.oneof(...seldom),
  fc.oneof({ weight: 3, arbitrary: fc.oneof(...rare) }, { weight: 4, arbitrary: fc.oneof(...common) }),
];

/** Whose devices there are: their roles, and their wards, of which none means all. */
export interface Plan {
  readonly phones: readonly { readonly role: 'doctor' | 'nurse'; readonly wards: readonly number[] }[];
}

export const plans: fc.Arbitrary<Plan> = fc.record({
  phones: fc.array(
    fc.record({
      role: fc.constantFrom('doctor' as const, 'nurse' as const),
      wards: fc.uniqueArray(ward, { maxLength: 2 }),
    }),
    { minLength: 2, maxLength: 5 },
  ),
});
