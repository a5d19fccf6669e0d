import { setTimeout as delay } from 'node:timers/promises';
import { permissionsOf, syncEntities, type SyncEntityName, syncEntityNames } from '@hms/contracts';
import { heldRows, positions, waitingOps } from './disk.js';
import type { Owner } from './people.js';
import type { Phone } from './phone.js';
import type { Side } from './witness.js';
import type { World } from './world.js';

/** What is compared of a row besides its version, as the device has it and as the database does. */
const compared: Record<SyncEntityName, Readonly<Record<string, string>>> = {
  patients: { familyName: 'family_name', givenName: 'given_name', phone: 'phone', wardId: 'ward_id' },
  allergies: { substance: 'substance', severity: 'severity', clinicalStatus: 'clinical_status' },
  conditions: { display: 'display', severity: 'severity' },
  observations: { code: 'code', status: 'status' },
  notes: { text: 'text', signedBy: 'signed_by' },
  appointments: { providerId: 'provider_id', status: 'status' },
  encounters: { status: 'status', chiefComplaint: 'chief_complaint' },
};

const lookEveryMs = 40;
const mostShown = 40;

/** Lets everything calm down, and then checks what has to be true. @throws naming the invariants that do not hold */
export async function assertInvariants(world: World, withinMs: number): Promise<void> {
  await world.calms();
  const until = performance.now() + withinMs;
  let left = await unfinished(world);
  while (left.length > 0 && performance.now() < until) {
    await delay(lookEveryMs);
    left = await unfinished(world);
  }
  const found = [...left, ...(await wrongInRows(world.ground.sides[0])), ...(await wrongInEffects(world))];
  world.assertWell();
  if (found.length > 0) throw new Error(found.slice(0, mostShown).join('\n'));
}

/** What is still to come, once everybody has synced. */
async function unfinished(world: World): Promise<string[]> {
  const position = await world.ground.feed.position();
  await world.syncAll();
  const found: string[] = [];
  for (const [number, phone] of world.phones.entries()) {
    if (phone.revoked) continue;
    const problems = [...(await wronglyHeld(phone)), ...(await wrongStatus(phone)), ...(await behind(phone, position))];
    found.push(...problems.map((problem) => `${problem} (phone ${number})`));
  }
  // Only what was sent can be in the feed.
  return found.length > 0 ? found : wrongInFeed(world);
}

/** I1, I6: a device holds what its user may hold, and nothing else. */
async function wronglyHeld({ disk, owner }: Phone): Promise<string[]> {
  const held = new Map<string, Set<string>>(syncEntityNames.map((name) => [name, new Set()]));
  for (const { entity, row } of await heldRows(disk)) {
    const fields = Object.keys(compared[entity as SyncEntityName]).map((field) => row[field] ?? null);
    held.get(entity)?.add(JSON.stringify([row.id, row._v, ...fields]));
  }
  const found: string[] = [];
  for (const [name, has] of held) {
    const due = await rowsDue(owner, name as SyncEntityName);
    for (const row of due) if (!has.has(row)) found.push(`I1: of ${name} ${row} is missing`);
    for (const row of has) if (!due.has(row)) found.push(`I1, I6: of ${name} ${row} is held`);
  }
  return found;
}

async function rowsDue(
  { side: { hospital }, role, wardIds, glass }: Owner,
  name: SyncEntityName,
): Promise<Set<string>> {
  const { table, patientColumn, read } = syncEntities[name];
  if (!permissionsOf([role]).has(read)) return new Set();
  const columns = Object.values(compared[name]).map((column) => `r.${column}`);
  const rows = await hospital.rows<{ row: unknown[] }>(
    `select json_build_array(r.id, r.version, ${columns.join(', ')}) as row
       from {schema}.${table} r join {schema}.patient p on p.id = r.${patientColumn}
      where p.deleted_at is null
        and (cardinality($1::uuid[]) = 0 or p.ward_id = any ($1::uuid[]) or p.id = any ($2::uuid[]))`,
    [wardIds, [...glass]],
  );
  return new Set(rows.map(({ row }) => JSON.stringify(row)));
}

/** I10: what waits is sent in the end, and nothing else keeps the device from syncing. */
async function wrongStatus({ client }: Phone): Promise<string[]> {
  const { waiting, phase, problem } = await client.status();
  return [
    ...(waiting > 0 ? [`I10: ${waiting} changes wait`] : []),
    ...(phase === 'idle' ? [] : [`it is ${phase}: ${String(problem)}`]),
  ];
}

/** I4: a device that has caught up never asks again for what was before. */
async function behind({ disk }: Phone, position: number): Promise<string[]> {
  const found = [...(await positions(disk))].filter(([, pos]) => pos < position);
  return found.map(([name, pos]) => `I4: ${name} stand at ${pos} of ${position}`);
}

/** I4: the feed ends with what each row is now, and no two changes have one place in it. */
async function wrongInFeed({ ground, patients }: World): Promise<string[]> {
  const { hospital } = ground.sides[0];
  const rows = syncEntityNames.map((name) => {
    const { no, table, patientColumn } = syncEntities[name];
    return `select ${no} as entity, r.id, r.version, sync.keys_of(p.id, p.ward_id) as keys
              from {schema}.${table} r join {schema}.patient p on p.id = r.${patientColumn}
             where p.id = any ($2::uuid[])`;
  });
  const stale = await hospital.rows<{ entity: number; id: string; version: number; seen: string | null }>(
    `with last as (select distinct on (entity, row_id) * from sync.feed where hospital_id = $1
                    order by entity, row_id, pos desc)
     select r.entity, r.id, r.version, f.version as seen from (${rows.join(' union all ')}) r
       left join last f on f.entity = r.entity and f.row_id = r.id
      where f.pos is null or f.version <> r.version or f.keys <> r.keys`,
    [hospital.hospital.id, patients[0]],
  );
  const [places] = await hospital.rows<{ twice: number }>(
    'select (count(*) - count(distinct pos))::int as twice from sync.feed where hospital_id = $1',
    [hospital.hospital.id],
  );
  return [
    ...stale.map(({ entity, id, version, seen }) => `I4: the feed has ${seen} of ${entity} ${id}, which is ${version}`),
    ...(places?.twice ? [`I4: ${places.twice} places of the feed were given twice`] : []),
  ];
}

/** I8: versions of a row only grow. I9: what the domain asks for, whoever wrote. */
async function wrongInRows({ hospital }: Side): Promise<string[]> {
  const rules = {
    'I8: a version did not grow': `select id from (
       select id, version, lag(version) over (partition by id order by n) as before from {schema}.model_trace) t
      where version <= before`,
    'I9: an entry was deleted': `select id from {schema}.model_trace where op = 'DELETE'`,
    'I9: a signature changed': `select id from {schema}.model_trace where tab = 'note' and signed_at is not null
      group by id having count(distinct signed_at) > 1`,
    'I9: a text was rewritten': `select id from {schema}.model_trace where tab = 'note' and op = 'UPDATE' and said is not null`,
    'I9: two bookings overlap': `select a.id from {schema}.appointment a join {schema}.appointment b
        on b.provider_id = a.provider_id and b.id > a.id and b.during && a.during
     where a.status in ('booked', 'confirmed', 'checked_in', 'in_progress')
       and b.status in ('booked', 'confirmed', 'checked_in', 'in_progress')`,
    'I9: one substance is active twice': `select patient_id as id from {schema}.allergy
      where clinical_status = 'active' and verification_status not in ('refuted', 'entered-in-error')
      group by patient_id, lower(substance) having count(*) > 1`,
  };
  const found: string[] = [];
  for (const [rule, statement] of Object.entries(rules)) {
    for (const { id } of await hospital.rows<{ id: string }>(statement)) found.push(`${rule}: ${id}`);
  }
  return found;
}

/** I2, I3, I10: of every change somebody was told is saved it is known what became of it, and it took effect once or not. */
async function wrongInEffects({ phones, witness, ground }: World): Promise<string[]> {
  const found: string[] = [];
  for (const side of ground.sides) {
    const own = phones.filter(({ owner }) => owner.side === side);
    const times = await timesSaid(
      side,
      own.flatMap(({ saved }) => saved.flatMap(({ trace }) => trace ?? [])),
    );
    for (const { saved, disk, revoked } of own) {
      // Who may not sync any more keeps what was not sent.
      const still = revoked ? await waitingOps(disk) : new Set();
      for (const { op, trace } of saved) {
        const fate = witness.fates.get(op);
        if (fate === undefined && !still.has(op)) found.push(`I10: nothing is known of ${op}`);
        if (trace === undefined) continue;
        const took = times.get(trace) ?? 0;
        // Of an entry that was there already, nothing is written.
        const due = fate === 'applied' ? [1] : fate === 'merged' ? [0, 1] : [0];
        if (!due.includes(took))
          found.push(`${took > Math.max(...due) ? 'I3' : 'I2'}: ${op}, ${String(fate)}, took effect ${took} times`);
      }
    }
  }
  return found;
}

/** How often each of the texts was written. */
async function timesSaid({ hospital }: Side, traces: readonly string[]): Promise<Map<string, number>> {
  const rows = await hospital.rows<{ said: string; times: number }>(
    'select said, count(*)::int as times from {schema}.model_trace where said = any ($1) group by said',
    [traces],
  );
  return new Map(rows.map(({ said, times }) => [said, times]));
}
