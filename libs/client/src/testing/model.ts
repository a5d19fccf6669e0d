import * as fc from 'fast-check';
import type { Client, Saved } from '../client.js';
import { ClientError } from '../errors.js';
import { type HeldRow, rowsOf } from '../rows/held.js';
import { transact } from '../storage/transaction.js';
import { refusedValue } from './reference-push.js';
import { quiet } from './test-environment.js';
import { type Device, entities, type Fate, type Mutation, World } from './world.js';

const fates: readonly Fate[] = [
  'answered',
  'request-lost',
  'answer-lost',
  'answer-late',
  'answer-late',
  'answer-cut',
  'busy',
  'broken',
  'too-large',
  'signed-out',
];
const scopes = [['all'], ['all', 'ward:a'], ['all', 'ward:b'], ['all', 'ward:a', 'ward:b']];
const rowIds = Array.from({ length: 6 }, (_, index) => `01890000-0000-7000-8000-00000000000${index}`);
const entityOf = (row: number): (typeof entities)[number] => (row % 2 === 0 ? 'patients' : 'notes');

const place = { device: fc.nat(1), app: fc.nat(1), row: fc.nat(rowIds.length - 1) };
const fields = fc.record(
  {
    name: fc.constantFrom('x', 'y', refusedValue),
    phone: fc.constantFrom('1', '2', '3'),
    ward: fc.constantFrom('a', 'b', null),
  },
  { requiredKeys: [] },
);
const deskFields = fields.map((all) => (all.name === refusedValue ? { ...all, name: 'z' } : all));

/** What may happen. */
const happening = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('update' as const), ...place, fields }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('create' as const), ...place, fields }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), ...place }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('sign' as const), ...place }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('together' as const), ...place, fields }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('at-once' as const), ...place, fields }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('discard' as const, 'reissue' as const), ...place }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('sync' as const), ...place }) },
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('deliver' as const),
      index: fc.nat(3),
      all: fc.boolean(),
      fate: fc.oneof(
        { weight: 4, arbitrary: fc.constant<Fate>('answered') },
        { weight: 3, arbitrary: fc.constantFrom(...fates) },
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('kill' as const),
      ...place,
      commits: fc.integer({ min: 1, max: 4 }),
      when: fc.constantFrom('before' as const, 'after' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const), ...place }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('clock' as const), ...place, ms: fc.integer({ min: -3e10, max: 3e10 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.nat(600_000) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('write' as const), ...place, fields: deskFields }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), ...place }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('scope' as const), ...place, scope: fc.constantFrom(...scopes) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('relay' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('hide' as const), ...place, hidden: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('expire' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('replicate' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fail-over' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('patience' as const), ops: fc.constantFrom(1, 2, Infinity) }) },
);
type Happening = typeof happening extends fc.Arbitrary<infer H> ? H : never;

/** A world in which things happen, and what has to be true of it. */
class Model {
  readonly world: World;
  /** Ops somebody was told are saved, and those given up since. */
  readonly #saved = new Set<string>();
  readonly #givenUp = new Set<string>();
  readonly #errors: unknown[] = [];

  constructor(seed: number, mutation: Mutation) {
    this.world = new World(seed, mutation);
    for (const device of this.world.devices) this.#watchVersions(device);
  }

  async happens(what: Happening): Promise<void> {
    switch (what.do) {
      case 'deliver':
        return this.world.deliver(what.index, what.fate, what.all);
      case 'sync':
        return this.world.sync(this.#app(what));
      case 'update':
      case 'create':
      case 'remove':
      case 'sign':
      case 'together':
      case 'at-once':
      case 'discard':
      case 'reissue':
        return this.#changes(what);
      case 'kill':
      case 'restart':
      case 'clock':
      case 'pass':
        this.#befalls(what);
        return;
      default:
        this.#serves(what);
    }
  }

  #befalls(what: Extract<Happening, { do: 'kill' | 'restart' | 'clock' | 'pass' }>): void {
    switch (what.do) {
      case 'pass':
        this.world.pass(what.ms);
        break;
      case 'kill':
        this.#app(what).process.killAt(what.commits, what.when);
        break;
      case 'restart':
        this.world.device(what.device).restart(what.app);
        break;
      case 'clock':
        this.world.device(what.device).environment.time += what.ms;
        break;
    }
  }

  #serves(
    what: Extract<
      Happening,
      { do: 'write' | 'delete' | 'scope' | 'hide' | 'relay' | 'expire' | 'replicate' | 'fail-over' | 'patience' }
    >,
  ): void {
    const { server } = this.world;
    switch (what.do) {
      case 'write':
        server.write(entityOf(what.row), rowIds[what.row] ?? '', what.fields);
        break;
      case 'delete':
        server.remove(rowIds[what.row] ?? '');
        break;
      case 'scope':
        server.grant(this.world.device(what.device).user, what.scope);
        break;
      case 'hide': {
        const whose = `${this.world.device(what.device).user} ${entityOf(what.row)}`;
        if (what.hidden) server.hidden.add(whose);
        else server.hidden.delete(whose);
        break;
      }
      case 'relay':
        server.relay();
        break;
      case 'expire':
        server.expireCursors();
        break;
      case 'replicate':
        server.replicate();
        break;
      case 'fail-over':
        server.failOver();
        break;
      case 'patience':
        server.patience = what.ops;
        break;
    }
  }

  async #changes(
    what: Extract<
      Happening,
      { do: 'update' | 'create' | 'remove' | 'sign' | 'together' | 'at-once' | 'discard' | 'reissue' }
    >,
  ): Promise<void> {
    const { client } = this.#app(what);
    const entity = entityOf(what.row);
    const id = rowIds[what.row] ?? '';
    const fields = 'fields' in what ? what.fields : {};
    const other = rowIds[(what.row + 1) % rowIds.length] ?? '';
    const pair = [
      { kind: 'update', entity, id, fields },
      { kind: 'update', entity: entityOf(what.row + 1), id: other, fields },
    ] as const;
    switch (what.do) {
      case 'update':
        return this.#saves(client.update(entity, id, fields));
      case 'create':
        return this.#saves(client.create(entity, fields));
      case 'remove':
        return this.#saves(client.remove(entity, id, { reason: 'twice' }));
      case 'sign':
        return this.#saves(client.command(entity, id, { name: 'note.sign' }));
      case 'together':
        return this.#saves(client.together(pair));
      case 'at-once': {
        const clients = [0, 1].map((app) => this.#app({ ...what, app }).client);
        await Promise.all(clients.map((each) => this.#saves(each.create(entity, fields))));
        return;
      }
      case 'discard':
      case 'reissue':
        return this.#looksAt(client, what.do);
    }
  }

  #app({ device, app }: { readonly device: number; readonly app: number }): ReturnType<Device['app']> {
    return this.world.device(device).app(app);
  }

  async #saves(saving: Promise<Saved | readonly Saved[]>): Promise<void> {
    const note = (saved: Saved | readonly Saved[]): void => {
      for (const { op } of [saved].flat()) if (op) this.#saved.add(op);
    };
    void saving.then(note, (err: unknown) => err instanceof ClientError || this.#errors.push(err));
    await quiet();
  }

  async #looksAt(client: Client, does: 'discard' | 'reissue'): Promise<void> {
    const looks = async (): Promise<Saved[]> => {
      const [item] = await client.attention();
      if (!item) return [];
      this.#givenUp.add(item.op.op);
      if (does === 'reissue')
        return [await client.reissue(item.op.op, item.op.kind === 'command' ? {} : { name: 'mended' })];
      await client.discard(item.op.op);
      return [];
    };
    return this.#saves(looks());
  }

  /** I8: within an era no row goes back to an older version. */
  #watchVersions({ disk }: Device): void {
    let before = new Map<string, HeldRow>();
    disk.rows.watch(() => {
      void Promise.all(entities.map((entity) => transact(disk.rows, (tx) => tx.all(rowsOf(entity))))).then((found) => {
        const now = new Map(found.flatMap((each) => [...each]));
        for (const [id, { row, era }] of now) {
          const old = before.get(id);
          if (old?.era === era && row._v < old.row._v) this.#errors.push(new Error(`I8: ${id} went back to ${row._v}`));
        }
        before = now;
      });
    });
  }

  /** No more faults: everybody syncs until nothing is left to do. */
  async settle(): Promise<void> {
    const { world } = this;
    world.server.patience = Infinity;
    world.server.relay();
    await world.deliver(0, 'request-lost', true);
    for (let round = 0; round < 3; round++) {
      for (const [number, device] of world.devices.entries()) {
        for (const index of device.apps.keys()) await this.#drain(number, index);
      }
    }
  }

  async #drain(device: number, index: number): Promise<void> {
    const app = this.world.device(device).app(index);
    for (let tries = 0; tries < 3; tries++) {
      await this.world.sync(app);
      for (let requests = 0; this.world.underWay > 0 && requests < 200; requests++) {
        await this.world.deliver(0, 'answered', true);
        this.world.server.relay();
      }
    }
  }

  async check(): Promise<void> {
    for (const error of this.#errors) throw error;
    const { server, devices } = this.world;
    for (const [op, times] of server.state.effects)
      if (times > 1) throw new Error(`I3: ${op} took effect ${times} times`);
    const refused = new Set<string>();
    for (const device of devices) await this.#checkDevice(device, refused);
    for (const op of this.#saved) {
      const took = server.state.effects.has(op);
      if (this.#givenUp.has(op)) continue;
      if (!took && !refused.has(op)) throw new Error(`I2, I10: ${op} is lost`);
      if (took && refused.has(op)) throw new Error(`${op} took effect, and waits for a person as refused`);
    }
  }

  async #checkDevice(device: Device, refused: Set<string>): Promise<void> {
    const { client } = device.app(0);
    const status = await client.status();
    if (status.phase !== 'idle' && status.phase !== 'stopped')
      throw new Error(`it is ${status.phase}: ${String(status.problem)}`);
    if (status.waiting > 0) throw new Error(`${status.waiting} changes still wait`);
    if (status.locked) throw new Error('it is locked though it has synced');
    for (const { op, result } of await client.attention()) {
      if (result.status !== 'merged' && result.was !== 'merged') refused.add(op.op);
    }
    for (const entity of entities) {
      const held = await transact(device.disk.rows, (tx) => tx.all(rowsOf(entity)));
      const has = JSON.stringify([...held.values()].map(({ row }) => canonical(row)));
      const should = JSON.stringify(this.world.server.rowsFor(device.user, entity).map(canonical));
      if (has !== should) throw new Error(`I1: ${device.user} holds ${has} instead of ${should}`);
      for (const row of await client.rows(entity)) if (row._pending) throw new Error(`${row.id} still waits`);
    }
  }
}

const canonical = (row: object): object =>
  Object.fromEntries(Object.entries(row).sort(([one], [other]) => (one < other ? -1 : 1)));

/** Whatever happens: when it has calmed down, the invariants hold. */
export const invariantsHold = (mutation: Mutation = {}): fc.IAsyncProperty<[number, Happening[]]> =>
  fc.asyncProperty(
    fc.nat(),
    fc.array(happening, { minLength: 1, maxLength: 60, size: 'max' }),
    async (seed, happenings) => {
      const model = new Model(seed, mutation);
      for (const what of happenings) await model.happens(what);
      await quiet();
      await model.settle();
      await model.check();
    },
  );
