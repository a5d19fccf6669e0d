import type { TransactionSql } from 'postgres';
import type { Hospital } from '../../hospitals/hospital.js';

/** A transaction about one hospital. */
export interface HospitalTransaction {
  readonly tx: TransactionSql;
  readonly hospital: Pick<Hospital, 'id' | 'schema'>;
}
