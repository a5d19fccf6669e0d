import { setTimeout as delay } from 'node:timers/promises';
import { type ClientStorage, memoryStorage } from '@hms/client';
import { uuidv7 } from 'uuidv7';
import { openClinic, type TestClinic } from '../../testing/test-clinic.js';
import { type Command, maxPhones, type Plan } from './commands.js';
import { edit, statement, writeMany } from './edits.js';
import type { Ground } from './ground.js';
import { Line } from './line.js';
import { addPatient, addWard, type Owner, toggleGlass, unlessLocked } from './people.js';
import { Phone } from './phone.js';
import type { SqlWriter } from './sql-writer.js';
import { type Side, Witness } from './witness.js';
import type { Worker } from './worker.js';

/** How long a command waits for a sync that may wait itself for a transaction, and for any. */
const [whileOpenMs, atMostMs] = [700, 10_000];
const lookEveryMs = 10;
const patientsAWard = 2;

/** Users at devices on the wards of one hospital, one of another, and all that may befall them. */
export class World {
  readonly witness = new Witness();
  readonly phones: Phone[] = [];
  readonly #underway = new Set<Promise<void>>();
  readonly #clinics = new Map<Side, TestClinic>();

  private constructor(
    readonly ground: Ground,
    readonly workers: readonly Worker[],
    readonly wards: readonly string[],
    /** Of the first hospital, then of the other. */
    readonly patients: readonly [readonly string[], readonly string[]],
  ) {}

  static async create(ground: Ground, workers: readonly Worker[], plan: Plan): Promise<World> {
    await ground.rests();
    const [ours, theirs] = ground.sides;
    const wards = await Promise.all(Array.from({ length: 3 }, () => addWard(ours)));
    const places = wards.flatMap((ward) => Array.from({ length: patientsAWard }, () => ward));
    const patients = await Promise.all(places.map((ward) => addPatient(ours, ward)));
    const world = new World(ground, workers, wards, [patients, [await addPatient(theirs, null)]]);
    for (const side of ground.sides) world.#clinics.set(side, await openClinic(side.hospital));
    for (const { role, wards: numbers } of plan.phones) await world.#addUser(ours, role, numbers);
    await world.#addUser(theirs, 'doctor', []);
    return world;
  }

  /** @throws what the witness found wrong */
  async happens(command: Command): Promise<void> {
    await this.#does(command);
    this.assertWell();
  }

  assertWell(): void {
    const { problems } = this.witness;
    if (problems.length > 0) throw new Error(problems.join('\n'));
  }

  /** No more faults: nothing is open, held or dead any more. */
  async calms(): Promise<void> {
    const { ground, phones, workers } = this;
    // What is open may be committed or not: the devices have to find out either way.
    for (const writer of ground.writers) await writer.end('commit');
    await ground.rests();
    await Promise.all(workers.map((worker) => worker.runs()));
    for (const phone of phones) {
      phone.aheadMs = 0;
      phone.line.fates.length = 0;
      await phone.line.release();
    }
    await Promise.all(this.#underway);
  }

  /** Everybody syncs, as far as they may. */
  async syncAll(): Promise<void> {
    await Promise.all(this.phones.map((phone) => phone.sync()));
  }

  async #does(command: Command): Promise<void> {
    switch (command.do) {
      case 'edit':
        return this.#edit(command);
      case 'sync':
        return this.#sync(command);
      case 'release':
        await Promise.all(this.phones.map(({ line }) => line.release()));
        return;
      case 'sql':
      case 'end':
      case 'bulk':
        return this.#writes(command);
      case 'assign':
      case 'glass':
      case 'revoke':
      case 'impostor':
        return this.#concernsUser(command);
      case 'crash':
      case 'restart':
      case 'clock':
      case 'clone':
        return this.#befallsPhone(command);
      default:
        return this.#befallsService(command);
    }
  }

  async #edit({ phone: number, edit: what, patient }: Extract<Command, { do: 'edit' }>): Promise<void> {
    if (number === 'everybody') {
      // Each for a patient of their own.
      for (const phone of this.phones.keys())
        await this.#edit({ do: 'edit', phone, edit: what, patient: patient + phone });
      return;
    }
    const phone = this.#phone(number);
    const { own, other } = this.#patients(phone.owner.side);
    const clinic = this.#clinics.get(phone.owner.side) as TestClinic;
    const place = { patientId: at(own, patient), strangerId: at(other, 0), clinic, text: textsOf(phone.owner.side) };
    await phone.changes((client) => edit(client, what, place));
  }

  async #sync({ phones, worker, fates }: Extract<Command, { do: 'sync' }>): Promise<void> {
    const asked = [...new Set(phones.map((number) => this.#phone(number)))];
    const syncing = asked.map((phone, i) => {
      phone.line.worker = worker + i;
      phone.line.fates.splice(0, Infinity, ...fates);
      return this.#begins(phone.sync());
    });
    const mayWait = this.ground.writers.some(({ isOpen }) => isOpen);
    const until = performance.now() + (mayWait ? whileOpenMs : atMostMs);
    const goesOn = (): boolean =>
      asked.some(({ line }, i) => this.#underway.has(syncing[i] as Promise<void>) && !line.isHeld);
    while (goesOn() && performance.now() < until) await Promise.race([Promise.all(syncing), delay(lookEveryMs)]);
  }

  /** It may go on when the command has ended. */
  #begins(work: Promise<void>): Promise<void> {
    const begun = work.finally(() => this.#underway.delete(begun));
    this.#underway.add(begun);
    return begun;
  }

  async #writes(command: Extract<Command, { do: 'sql' | 'end' | 'bulk' }>): Promise<void> {
    const side = this.ground.sides[0];
    const { schema } = side.hospital;
    const text = textsOf(side);
    switch (command.do) {
      case 'end':
        return this.#writer(command.writer).end(command.how);
      case 'bulk': {
        const patientId = at(this.patients[0], command.patient);
        return writeMany(this.#writer(0), schema, { patientId, rows: command.rows, text });
      }
      case 'sql': {
        const place = { patientId: at(this.patients[0], command.patient), wardId: at(this.wards, command.ward), text };
        return this.#writer(command.writer).execute(statement(command.change, schema, place));
      }
    }
  }

  async #concernsUser(command: Extract<Command, { do: 'assign' | 'glass' | 'revoke' | 'impostor' }>): Promise<void> {
    const phone = this.#phone(command.phone);
    const { owner } = phone;
    switch (command.do) {
      case 'assign':
        if (owner.side === this.ground.sides[0]) await this.#assign(owner, command.wards);
        return;
      case 'glass':
        return toggleGlass(owner, at(this.#patients(owner.side).own, command.patient));
      case 'impostor':
        return this.#impersonates(phone);
      case 'revoke': {
        const device = await phone.device();
        const statement = 'update sync.device set revoked_at = now() where id = $1';
        if (!(await unlessLocked(owner.side.hospital.rows(statement, [device])))) return;
        // A twin that has taken an identity of its own since is another device.
        for (const each of this.phones) if ((await each.device()) === device) each.revoked = true;
      }
    }
  }

  async #assign(owner: Owner, numbers: readonly number[]): Promise<void> {
    owner.wardIds = numbers.map((number) => at(this.wards, number));
    const statement = 'update public.membership set ward_ids = $2 where user_id = $1';
    await owner.side.hospital.rows(statement, [owner.userId, owner.wardIds]);
  }

  async #impersonates(phone: Phone): Promise<void> {
    const impostor = this.phones.find(({ owner }) => owner.side !== phone.owner.side);
    const device = await phone.device();
    if (!impostor || device === null) return;
    const body = JSON.stringify({ v: 1, device, schema: 1, pull: { cursors: { patients: null, notes: null } } });
    const headers = { authorization: `Bearer ${impostor.owner.token}`, 'content-type': 'application/json' };
    const request = { method: 'POST', headers, body, signal: new AbortController().signal } as const;
    await this.#line(impostor.owner, impostor.disk)
      .send('/sync', request)
      .catch(() => undefined);
  }

  async #befallsPhone(command: Extract<Command, { do: 'crash' | 'restart' | 'clock' | 'clone' }>): Promise<void> {
    const phone = this.#phone(command.phone);
    switch (command.do) {
      case 'crash':
        phone.killAt(command.commits, command.when);
        return;
      case 'restart':
        phone.restart();
        return;
      case 'clock':
        phone.aheadMs = command.aheadMs;
        return;
      case 'clone': {
        if (this.phones.length >= maxPhones || phone.revoked) return;
        const twin = this.#open(phone.owner, await phone.copyOfDisk());
        twin.saved.push(...phone.saved);
        this.phones.push(twin);
      }
    }
  }

  async #befallsService(
    command: Extract<Command, { do: 'absence' | 'kill' | 'terminate' | 'pooler' | 'disk' | 'stall' | 'relay' }>,
  ): Promise<void> {
    const { feed } = this.ground;
    switch (command.do) {
      case 'absence':
        return feed.forgets();
      case 'terminate':
        return this.ground.terminate();
      case 'pooler': {
        const worker = at(this.workers, command.worker);
        if (command.on) worker.findsPooler();
        else worker.losesPooler();
        return;
      }
      case 'disk':
        return this.ground.fillsDisk(command.full);
      case 'stall':
        return command.on ? feed.stalls() : feed.goesOn();
      case 'relay':
        return feed.relays(command.rows);
      case 'kill':
        return this.#kills(command);
    }
  }

  /** While a device pushes, unless at once. */
  async #kills({ worker: number, when, phone }: Extract<Command, { do: 'kill' }>): Promise<void> {
    const worker = at(this.workers, number);
    if (when === 'now') worker.kill();
    else {
      worker.killAt(when);
      await this.#edit({ do: 'edit', phone, edit: 'note', patient: 0 });
      await this.#sync({ do: 'sync', phones: [phone], worker: number, fates: [] });
    }
  }

  async #addUser(side: Side, role: Owner['role'], numbers: readonly number[]): Promise<void> {
    const wardIds = numbers.map((number) => at(this.wards, number));
    const user = await this.ground.sync.addUser(side.hospital, role, wardIds);
    const owner = { ...user, role, side, wardIds, glass: new Set<string>() };
    this.phones.push(this.#open(owner, memoryStorage()));
  }

  #open(owner: Owner, disk: ClientStorage): Phone {
    return new Phone(owner, this.#line(owner, disk), disk, (problem) => this.witness.problem(problem));
  }

  #line(owner: Owner, disk: ClientStorage): Line {
    const [ours, theirs] = this.ground.sides;
    const asking = { side: owner.side, other: owner.side === ours ? theirs : ours };
    return new Line({
      workers: () => this.workers.map(({ url }) => url),
      sending: (...what) => this.witness.sending(disk, ...what),
      answered: (exchange) => this.witness.answered(asking, exchange),
    });
  }

  #phone(number: number): Phone {
    return at(this.phones, number);
  }

  #writer(number: number): SqlWriter {
    return at(this.ground.writers, number);
  }

  #patients(side: Side): { own: readonly string[]; other: readonly string[] } {
    const [ours, theirs] = this.patients;
    return side === this.ground.sides[0] ? { own: ours, other: theirs } : { own: theirs, other: ours };
  }
}

const at = <T>(of: readonly T[], number: number): T => of[number % of.length] as T;
const textsOf =
  ({ mark }: Side) =>
  (): string =>
    `${mark} ${uuidv7()}`;
