import type pg from 'pg';
import { type HospitalRef, schemaOf } from '../hospital-ref.js';
import { createHospitals, dropHospitals, PATIENCE, url } from '../testing/scratch.js';
import { withOwner } from './owner-connection.js';

let hospital: HospitalRef;
beforeAll(async () => {
  [hospital] = (await createHospitals(1)) as [HospitalRef];
}, PATIENCE);
afterAll(() => dropHospitals([hospital.slug]), PATIENCE);

const namesOf = (sql: string): Promise<string[]> =>
  withOwner(url('DATABASE_DIRECT_URL'), async (owner: pg.Client) => {
    const { rows } = await owner.query<{ name: string }>(sql, [[schemaOf(hospital.slug), 'public']]);
    return rows.map(({ name }) => name);
  });

/** What the product relies on PostgreSQL for. A migration that drops one of these must say so here. */
describe('PostgreSQL holds the rule', () => {
  it.each([
    ['a device is on one patient at a time', 'device_assignment device_assignment_no_overlap x'],
    ['a bed of an assignment lies in its ward', 'device_assignment device_assignment_ward_id_bed_id_fkey f'],
    ['a device name is unique in its hospital', 'device device_external_id_key u'],
    ['a medical record number is unique', 'patient patient_mrn_key u'],
    ['a deleted patient has a reason', 'patient patient_check c'],
    ['a reading is stored once', 'vitals vitals_pkey p'],
    ['a reading of nobody is stored once', 'vitals_unassigned vitals_unassigned_pkey p'],
    ['a telemetry batch is answered once', 'telemetry_request telemetry_request_pkey p'],
    ['an e-mail has one account', 'app_user app_user_email_key u'],
    ['a slug has one hospital', 'hospital hospital_slug_key u'],
    ['only a patient role names a patient', 'membership membership_check c'],
    ['a gateway key belongs to a gateway of its hospital', 'gateway_key gateway_key_hospital_id_gateway_id_fkey f'],
    ['a gateway secret is used once', 'gateway_key gateway_key_secret_hash_key u'],
    ['a refresh token has one successor', 'refresh_token refresh_token_successor_key u'],
    ['a patient lies on a ward of the hospital', 'patient patient_ward_id_fkey f'],
    ['a problem that was an error says why', 'condition condition_check2 c'],
    ['what follows a note is about the same patient', 'note note_patient_id_parent_id_fkey f'],
    ['a signature has somebody who signed', 'note note_check1 c'],
    ['a note that was an error says why', 'note note_check2 c'],
    ['a change of a device is one conflict', 'sync_conflict sync_conflict_op_id_key u'],
    ['a resolution has somebody who resolved', 'sync_conflict sync_conflict_check c'],
    ['a refused change is kept once', 'sync_quarantine sync_quarantine_op_id_key u'],
    ['a review has somebody who reviewed', 'sync_quarantine sync_quarantine_check c'],
    ['a rotated refresh token has a successor', 'refresh_token refresh_token_check c'],
  ])('%s', async (_rule, constraint) => {
    const constraints = await namesOf(
      `select format('%s %s %s', t.relname, c.conname, c.contype) as name
         from pg_constraint c join pg_class t on t.oid = c.conrelid
        where c.connamespace = any ($1::regnamespace[]) and c.convalidated`,
    );
    expect(constraints).toContain(constraint);
  });

  it.each([
    ['a role is held once at a time', 'membership_active_role'],
    ['an identifier names one patient at a time', 'patient_identifier_active'],
    ['an active allergy is listed once', 'allergy_active_substance'],
    ['an active problem is listed once', 'condition_active'],
  ])('%s', async (_rule, index) => {
    const indexes = await namesOf(
      `select c.relname as name from pg_index i join pg_class c on c.oid = i.indexrelid
        where c.relnamespace = any ($1::regnamespace[]) and i.indisunique and i.indisvalid and i.indpred is not null`,
    );
    expect(indexes).toContain(index);
  });

  it.each([
    ['the allergy status cannot deny the allergy list', 'patient guard_allergy_status'],
    ['an allergy sets the allergy status', 'allergy mark_allergies_recorded'],
    ["a patient's changes are recorded", 'patient record_change'],
    ["an allergy's changes are recorded", 'allergy record_change'],
    ["a problem's changes are recorded", 'condition record_change'],
    ["a note's changes are recorded", 'note record_change'],
    ['a note is not rewritten', 'note guard_note'],
    ['every update of a problem has a version', 'condition advance_version'],
    ['every update of a note has a version', 'note advance_version'],
    ['every update of a conflict has a version', 'sync_conflict advance_version'],
    ['a patient says when each field changed', 'patient stamp_fields'],
    ['an allergy says when each field changed', 'allergy stamp_fields'],
    ['a problem says when each field changed', 'condition stamp_fields'],
    ...['patient', 'allergy', 'condition', 'charted_observation', 'note'].flatMap((table) =>
      ['z_log_new', 'z_log_changed', 'z_log_gone', 'z_keep_logged'].map((trigger): [string, string] => [
        `devices hear of every change of a row: ${table}, ${trigger}`,
        `${table} ${trigger}`,
      ]),
    ),
    ['ingest hears of a changed device', 'device advance_ingest_epoch'],
    ['ingest hears of a changed assignment', 'device_assignment advance_ingest_epoch'],
    ['ingest hears of a changed gateway key', 'gateway_key advance_ingest_epoch'],
    ['ingest hears of a suspended hospital', 'hospital advance_ingest_epoch'],
    ['every update of a patient has a version', 'patient advance_version'],
  ])('%s', async (_rule, trigger) => {
    const triggers = await namesOf(
      `select format('%s %s', c.relname, t.tgname) as name from pg_trigger t join pg_class c on c.oid = t.tgrelid
        where c.relnamespace = any ($1::regnamespace[]) and t.tgenabled = 'O'`,
    );
    expect(triggers).toContain(trigger);
  });
});

describe('nobody makes a function of the owner read tables of their own', () => {
  it('because such functions name where they look, and look there for temporary tables last', async () => {
    const others = await namesOf(
      `select p.oid::regprocedure::text as name from pg_proc p
        where p.pronamespace = any ($1::regnamespace[]) and p.prosecdef and p.proowner = current_user::regrole
          and not exists (select from unnest(p.proconfig) as setting where setting ~ '^search_path=.*, pg_temp$')`,
    );
    expect(others).toEqual([]);
  });

  it('and because of the logins of the services only that of ingest, which stages rows, makes temporary tables', async () => {
    const makers = await namesOf(
      `select rolname as name from pg_roles
        where rolname in ('hms_api', 'hms_ingest', ($1::text[])[1])
          and has_database_privilege(rolname, current_database(), 'temporary')`,
    );
    expect(makers).toEqual(['hms_ingest']);
  });
});

describe('a function that acts as the owner', () => {
  it('may be run by nobody who was not given it', async () => {
    const open = await namesOf(
      `select distinct p.proname as name from pg_proc p
        where p.pronamespace = any ($1::regnamespace[]) and p.prosecdef
          and (p.proacl is null or exists (select from aclexplode(p.proacl) a where a.grantee = 0))
          and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')`,
    );
    // Says who asks, from what their own session set.
    expect(open).toEqual(['acting_hospital']);
  });
});

/** A patient and a ward. */
const nobody = '00000000-0000-7000-8000-000000000000';

describe('an index finds', () => {
  it.each([
    [
      'the newest score of a patient',
      'score_result_newest',
      `select from score_result where patient_id = '${nobody}' and not retrospective order by computed_for desc limit 1`,
    ],
    [
      'the alarms of a ward that are over, newest first',
      'alarm_resolved_by_ward',
      `select from alarm where ward_id = '${nobody}' and state = 'resolved' and raised_at is not null
        order by raised_at desc, id desc limit 50`,
    ],
  ])('%s', async (_what, index, query) => {
    const plan = await withOwner(url('DATABASE_DIRECT_URL'), async (owner) => {
      await owner.query(
        `set search_path = ${schemaOf(hospital.slug)}, public; set enable_seqscan = off; set enable_sort = off`,
      );
      const { rows } = await owner.query<{ 'QUERY PLAN': string }>(`explain ${query}`);
      return rows.map((row) => row['QUERY PLAN']);
    });
    expect(plan.join('\n')).toContain(`using ${index} `);
  });
});

describe('ingest, which writes all hospitals at once,', () => {
  it('may touch nothing of a hospital but devices, telemetry and what devices hold offline', async () => {
    const grants = await namesOf(
      `select format('%s %s', c.relname, string_agg(lower(a.privilege_type), ' ' order by a.privilege_type)) as name
         from pg_class c, aclexplode(c.relacl) a
        where c.relnamespace = any ($1::regnamespace[]) and a.grantee = 'hms_ingest'::regrole and c.relkind <> 'S'
        group by c.relname order by c.relname`,
    );
    expect(grants).toEqual([
      'alarm select',
      'alarm_limit select',
      'alarm_suppression select',
      'allergy insert select update',
      'appointment select',
      'appointment_resource select',
      'charted_observation insert select',
      'condition insert select update',
      'counter select update',
      'device select',
      'device_assignment select',
      'device_health insert select update',
      'encounter select',
      'gateway select',
      'gateway_key select',
      'hl7_source select',
      'hospital select',
      'ingest_epoch select',
      'note insert select update',
      'patient insert select update',
      'patient_monitoring select',
      'resource select',
      'schedule_exception select',
      'schedule_rule select',
      'scheduling_setting select',
      'score_due delete insert select update',
      'score_mark insert select update',
      'score_result select',
      'service_type select',
      'site select',
      'sync_conflict insert select',
      'sync_quarantine insert select',
      'telemetry_flush insert select',
      'telemetry_request insert select update',
      'vitals insert select update',
      'vitals_dirty insert',
      'vitals_latest select',
      'vitals_newest insert select update',
      'vitals_stated_patient insert',
      'vitals_unassigned insert select update',
      'waveform insert select',
    ]);
  });
});
