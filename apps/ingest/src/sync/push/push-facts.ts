import { formatMrn } from '@hms/contracts';
import { idsIn } from '../sql.js';
import type { LedgerRow } from './duplicates.js';
import type { HospitalTransaction } from './hospital-transaction.js';
import type { PushRequest } from './push-request.js';
import { uuids } from './uuids.js';

interface NumberBlock {
  readonly device_id: string;
  readonly first: string;
  readonly last: string;
}

interface BrokenGlass {
  readonly user_id: string;
  readonly patient_id: string;
}

/** What has to be known before ops are looked at. */
export interface PushFacts {
  /** What became of ops that came before, by id. */
  readonly ledger: ReadonlyMap<string, LedgerRow>;
  /** Whether the record number is one of those set aside for the device. */
  readonly ownsMrn: (deviceId: string, mrn: string) => boolean;
  /** Patients for whom the user broke the glass. */
  readonly patientsOf: (userId: string) => readonly string[];
}

interface FactsRow {
  readonly ledger: readonly LedgerRow[] | null;
  readonly numbers: readonly NumberBlock[] | null;
  readonly glass: readonly BrokenGlass[] | null;
}

/** Reads them for devices of one hospital that are locked already: a statement that began before would see too little. */
export async function readFacts(
  { tx, hospital: { id, schema } }: HospitalTransaction,
  requests: readonly PushRequest[],
): Promise<PushFacts> {
  // Also what ops depend on: it may have been refused in an earlier request.
  const opIds = requests.flatMap(({ ops }) =>
    ops.flatMap(({ op, deps }) => [op, ...uuids(Array.isArray(deps) ? deps : [])]),
  );
  const writers = requests.flatMap(({ deviceId, ops }) => (ops.length > 0 ? [deviceId] : []));
  const users = [...new Set(requests.map(({ actor }) => actor.userId))];
  const [row] = await tx.unsafe<FactsRow[]>(facts(schema), [
    id,
    JSON.stringify(opIds),
    JSON.stringify(writers),
    JSON.stringify(users),
  ]);
  const { ledger, numbers, glass } = row ?? { ledger: null, numbers: null, glass: null };
  return {
    ledger: new Map(ledger?.map((known) => [known.op_id, known])),
    ownsMrn: (deviceId, mrn) =>
      formatMrn(BigInt(mrn)) === mrn && !!numbers?.some((block) => isOf(block, deviceId, mrn)),
    patientsOf: (userId) => glass?.flatMap((one) => (one.user_id === userId ? [one.patient_id] : [])) ?? [],
  };
}

/** `$1` hospital, `$2` ops, `$3` devices, `$4` users. */
const facts = (schema: string): string => `
  select (select jsonb_agg(jsonb_build_object('op_id', op_id, 'status', status, 'code', code, 'version', version::text,
                                              'entity', entity, 'row_id', row_id))
            from sync.op where hospital_id = $1 and op_id in ${idsIn('$2')}) as ledger,
         (select jsonb_agg(jsonb_build_object('device_id', device_id, 'first', first_no::text, 'last', last_no::text))
            from sync.number_block where device_id in ${idsIn('$3')}) as numbers,
         (select jsonb_agg(jsonb_build_object('user_id', user_id, 'patient_id', patient_id))
            from ${schema}.break_glass
           where user_id in ${idsIn('$4')} and closed_at is null and expires_at > now()) as glass`;

const isOf = ({ device_id: of, first, last }: NumberBlock, deviceId: string, mrn: string): boolean =>
  of === deviceId && BigInt(mrn) >= BigInt(first) && BigInt(mrn) <= BigInt(last);
