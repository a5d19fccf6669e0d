import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DomainEvent } from '@hms/contracts';
import { HospitalDatabase, sqlState, type Hospital, type PublicTx } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import { connectTestRedis } from '../../testing/test-redis.js';
import { asOwner, createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import type { NewEvent } from './new-event.js';
import { OutboxRepository } from './outbox.repository.js';
import { Outbox } from './outbox.service.js';

const redis = connectTestRedis();
const outbox = new Outbox(new OutboxRepository(), redis);
let database: HospitalDatabase;
let ours: Hospital;
let theirs: Hospital;

beforeAll(async () => {
  database = new HospitalDatabase({ url: process.env['DATABASE_URL'] ?? '', poolSize: 2, onError: () => undefined });
  [ours, theirs] = [await createTestHospital(), await createTestHospital()];
});

afterAll(async () => {
  redis.disconnect();
  await database.close();
  await Promise.all([ours, theirs].map(dropTestHospital));
});

const updated = (hospital: Hospital, id = uuidv7()): NewEvent => ({
  type: 'patient.updated',
  payload: { id, version: 1 },
  hospitalId: hospital.id,
  actorId: null,
});
const stored = (patientId: string) =>
  asOwner((owner) =>
    owner.query(`select hospital_id from public.outbox_event where payload ->> 'id' = $1`, [patientId]),
  );
const stateOf = (work: Promise<unknown>) => work.then(() => 'no error', sqlState);

describe('an event', () => {
  it('is there when the transaction that caused it committed, and known to whoever committed it', async () => {
    const patientId = uuidv7();
    let known: readonly DomainEvent[] = [];
    await database.inHospital(ours, async (tx) => {
      expect(outbox.eventsOf(tx)).toEqual([]);
      await outbox.add(tx, updated(ours, patientId));
      known = outbox.eventsOf(tx);
    });
    expect(known).toMatchObject([{ type: 'patient.updated', payload: { id: patientId } }]);
    expect((await stored(patientId)).rows).toEqual([{ hospital_id: ours.id }]);
  });

  it('never appears when that transaction was rolled back', async () => {
    const patientId = uuidv7();
    const failed = database.inHospital(ours, async (tx) => {
      await outbox.add(tx, updated(ours, patientId));
      throw new Error('changed its mind');
    });
    await expect(failed).rejects.toThrow('changed its mind');
    expect((await stored(patientId)).rows).toEqual([]);
  });

  it('is refused with anything in it that its catalogue entry does not name', async () => {
    const talkative = updated(ours);
    Object.assign(talkative.payload, { familyName: 'Muster' });
    await expect(database.inHospital(ours, (tx) => outbox.add(tx, talkative))).rejects.toThrow('familyName');
  });
});

describe('the wall between the events of hospitals', () => {
  it("lets a hospital's transaction add its own events only", async () => {
    await expect(stateOf(database.inHospital(ours, (tx) => outbox.add(tx, updated(theirs))))).resolves.toBe('42501');
    const nobodys = { ...updated(ours), hospitalId: null };
    await expect(stateOf(database.inHospital(ours, (tx) => outbox.add(tx, nobodys)))).resolves.toBe('42501');
    await expect(stateOf(database.inHospital(ours, (tx) => outbox.add(tx, updated(ours))))).resolves.toBe('no error');
    // The control: without the hospital's role the same row is accepted.
    await expect(stateOf(database.inPublic((tx) => outbox.add(tx, updated(theirs))))).resolves.toBe('no error');
  });

  it.each([
    'select id from public.outbox_event',
    'update public.outbox_event set fanned_out_at = now()',
    'delete from public.outbox_event',
    'insert into public.outbox_delivery (event_id, consumer, occurred_at) values (gen_random_uuid(), $$x$$, now())',
    'select event_id from public.outbox_delivery',
    'update public.outbox_delivery set due_at = now()',
    'delete from public.outbox_delivery',
    'select name from public.outbox_consumer',
  ])("denies a hospital's transaction: %s", async (sql) => {
    await expect(stateOf(database.inHospital(ours, (tx) => tx.$executeRawUnsafe(sql)))).resolves.toBe('42501');
  });

  it('shows a hospital the deliveries of its own events only', async () => {
    const consumer = `t-${uuidv7()}`;
    await database.inPublic(async (tx) => {
      for (const hospital of [ours, theirs]) await deliver(tx, hospital, consumer);
    });
    const seen = `select distinct hospital_id from public.outbox_delivery`;
    const rows = await database.inHospital(ours, (tx) => tx.$queryRawUnsafe(seen));
    expect(rows).toEqual([{ hospital_id: ours.id }]);
    const finish = `update public.outbox_delivery set finished_at = now() where state = 'dead'`;
    await expect(database.inHospital(ours, (tx) => tx.$executeRawUnsafe(finish))).resolves.toBe(1);
  });
});

async function deliver(tx: PublicTx, hospital: Hospital, consumer: string): Promise<void> {
  const event = updated(hospital);
  const id = uuidv7();
  const row = { ...event, id, payload: { ...event.payload } };
  await tx.outboxEvent.create({ data: { ...row, fannedOutAt: new Date() } });
  await tx.outboxDelivery.create({
    data: {
      eventId: id,
      hospitalId: hospital.id,
      consumer,
      occurredAt: new Date(),
      state: 'dead',
      finishedAt: new Date(),
    },
  });
}
