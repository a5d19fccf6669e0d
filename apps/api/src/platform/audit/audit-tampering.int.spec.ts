import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CheckpointFile, verifyAudit, type AuditReport, type Checkpoint } from '@hms/audit';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HospitalDatabase, schemaOf, withOwner, type Hospital } from '@hms/database';
import { createLogger, Registry } from '@hms/service-kit';
import type pg from 'pg';
import { uuidv7 } from 'uuidv7';
import { seededRandom, tamperings, type Victim } from '../../testing/tampering.js';
import { TestApi } from '../../testing/test-api.js';
import { asOwner, createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import { until } from '../../testing/until.js';
import { ApiConfig } from '../config/api-config.js';
import { AuditChainRepository, chainMoves } from './audit-chain.repository.js';
import { AuditSequencer } from './audit-sequencer.service.js';
import { AuditTrail } from './audit-trail.service.js';

const rounds = 1_000;
const seed = 20_261_125;
const rows = 24;
let api: TestApi;
let hospital: Hospital;
let folder: string;
let config: ApiConfig;
let sequencer: AuditSequencer;
let copies: Checkpoint[];

const source = { requestId: 'request-0001', ip: '127.0.0.1', userAgent: 'Test', operation: 'GET /api/v1/patients/:id' };
const trail = (): AuditTrail => api.application.nest.get(AuditTrail);
const record = (): Promise<void> => {
  const [patient, userId] = [uuidv7(), uuidv7()];
  const entry = {
    action: 'read',
    entity: 'patient',
    entityIds: [patient],
    patientIds: [patient],
    reason: 'why',
  } as const;
  const party = { hospitalId: hospital.id, userId, roles: ['doctor'], sessionId: uuidv7(), breakGlass: uuidv7() };
  return trail().record(entry, party, source);
};

const count = async (table: string): Promise<number> => {
  const sql = `select count(*)::int as n from ${schemaOf(hospital.slug)}.${table}`;
  return (await asOwner((owner) => owner.query<{ n: number }>(sql))).rows[0]!.n;
};
/** Until everything is chained and signed up to the head, by this sequencer or the stack's own worker. */
const settle = (aheadMs: number): Promise<void> =>
  until(async () => {
    await sequencer.advance(hospital, new Date(Date.now() + aheadMs));
    const [last] = (await new CheckpointFile(folder, hospital.id).read()).slice(-1);
    return last?.seq === (await count('audit_event'));
  });

const verify = (client: pg.ClientBase, known = copies): Promise<AuditReport> =>
  verifyAudit(
    client,
    { hospitalId: hospital.id, schema: schemaOf(hospital.slug) },
    { keys: config.auditKeys, copies: known, graceMs: 0, now: Date.now() + 3_600_000 },
  );

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hms-audit-'));
  config = new ApiConfig({
    ...process.env,
    NODE_ENV: 'test',
    LOG_LEVEL: 'silent',
    AUDIT_CHECKPOINT_DIR: folder,
    PORT: '1',
  });
  api = await TestApi.start();
  hospital = await createTestHospital();
  const chains = new AuditChainRepository(api.application.nest.get(HospitalDatabase));
  sequencer = new AuditSequencer(config, chains, createLogger('test', 'silent'), new Registry());
  for (let i = 0; i < rows / 2; i += 1) await record();
  await settle(120_000);
  await Promise.all(Array.from({ length: rows / 2 }, record));
  await settle(240_000);
  copies = await new CheckpointFile(folder, hospital.id).read();
}, 120_000);

afterAll(async () => {
  await api.close();
  await dropTestHospital(hospital);
  await rm(folder, { recursive: true });
});

/** As a superuser whom no trigger stops; nothing of it stays. */
async function asSuperuser(work: (victim: Victim) => Promise<void>): Promise<void> {
  await withOwner(process.env['DATABASE_SUPERUSER_URL']!, async (client) => {
    await client.query('begin isolation level repeatable read; set local session_replication_role = replica');
    const schema = schemaOf(hospital.slug);
    const checkpoints = [...new Set(copies.map(({ seq }) => seq))];
    await work({ client, schema, hospitalId: hospital.id, length: rows, checkpoints, random: seededRandom(seed) });
    await client.query('rollback');
  });
}

describe('the chain', () => {
  it('holds every row once, and verifies as it is (control)', async () => {
    expect(await count('audit_chain')).toBe(rows);
    await asSuperuser(async ({ client }) => {
      expect(await verify(client)).toMatchObject({ rows, findings: [], firstBadSeq: undefined });
    });
  });

  it(`tells each of ${rounds} random falsifications`, async () => {
    await asSuperuser(async (victim) => {
      const names = Object.keys(tamperings);
      const unnoticed: string[] = [];
      for (let round = 0; round < rounds; round += 1) {
        const name = names[round < names.length ? round : victim.random(names.length)]!;
        await victim.client.query('savepoint before');
        await tamperings[name]!(victim);
        if ((await verify(victim.client)).findings.length === 0) unnoticed.push(`${name} in round ${round}`);
        await victim.client.query('rollback to before');
      }
      expect(unnoticed).toEqual([]);
      expect((await verify(victim.client)).findings).toEqual([]);
    });
  }, 120_000);

  it('names the first place that is not to be trusted', async () => {
    await asSuperuser(async (victim) => {
      await victim.client.query(
        `update ${victim.schema}.audit_event set ip = '10.0.0.1'
          where id in (select event_id from ${victim.schema}.audit_chain where seq in (7, 19))`,
      );
      expect(await verify(victim.client)).toMatchObject({ firstBadSeq: 7 });
      const [copy] = copies;
      const forged = Array.from({ length: 500 }, (_, i) => ({ ...copy!, seq: 1_000 + i }));
      const report = await verify(victim.client, [...copies, ...forged]);
      expect([report.firstBadSeq, report.findings.length]).toEqual([7, 100]);
    });
  });
});

describe('the sequencer', () => {
  it('looks at a chain when a row waits, a step is unfinished, a signature is due, or was made lately', async () => {
    await asSuperuser(async ({ client, schema }) => {
      const isLookedAt = async (change: string) => {
        await client.query(`savepoint quiet; ${change}`);
        const { rows: answers } = await client.query<{ moves: boolean }>(`select ${chainMoves(schema)} as moves`);
        await client.query('rollback to quiet');
        return answers[0]?.moves;
      };
      await client.query(`update ${schema}.audit_checkpoint set at = now() - interval '3 minutes'`);
      expect(await isLookedAt('')).toBe(false);
      const copied = `jsonb_build_object('id', gen_random_uuid(), 'xid', pg_current_xact_id()::text)`;
      const changes = [
        `insert into ${schema}.audit_event select (jsonb_populate_record(e, ${copied})).* from ${schema}.audit_event e limit 1`,
        `update ${schema}.audit_sequencer set target = pg_current_snapshot()`,
        `delete from ${schema}.audit_checkpoint where seq = (select max(seq) from ${schema}.audit_chain)`,
        `update ${schema}.audit_checkpoint set at = now()`,
      ];
      for (const change of changes) expect([change, await isLookedAt(change)]).toEqual([change, true]);
    });
  });

  it('chains a row once although its transaction ends after later ones (control: a cursor would miss it)', async () => {
    const insert = (client: pg.ClientBase) => {
      const from = `${schemaOf(hospital.slug)}.audit_event`;
      return client.query(
        `insert into ${from} select (jsonb_populate_record(e, jsonb_build_object('id', $1::text, 'xid', pg_current_xact_id()::text))).*
           from ${from} e limit 1`,
        [uuidv7()],
      );
    };
    await asOwner(async (slow) => {
      await slow.query('begin');
      await insert(slow);
      const before = await count('audit_chain');
      await asOwner((quick) => insert(quick));
      await until(async () => {
        await sequencer.advance(hospital);
        return (await count('audit_chain')) === before + 1;
      });
      await slow.query('commit');
      await until(async () => {
        await sequencer.advance(hospital);
        return (await count('audit_chain')) === before + 2;
      });
    });
  });
});
