import type { ClientStorage } from '@hms/client';
import type { SyncRequestBody, SyncResponse, SyncStatus } from '@hms/contracts';
import type { TestHospital } from '../../testing/test-hospital.js';
import { heldRows } from './disk.js';
import type { Exchange } from './line.js';

/** What one hospital's devices must never be sent. */
export interface Side {
  readonly hospital: TestHospital;
  /** In every text of the hospital. */
  readonly mark: string;
}

/** Who asks, and whose rows they must never see. */
export interface Asking {
  readonly side: Side;
  readonly other: Side;
}

const tookEffect = (fate: SyncStatus | undefined): boolean => fate === 'applied' || fate === 'merged';

/** Reads along, and checks what has to be true of each answer by itself. */
export class Witness {
  /** What is wrong, as far as anything is. */
  readonly problems: string[] = [];
  /** What the server said became of an op, by its id. */
  readonly fates = new Map<string, SyncStatus>();
  /** Ops of which the database may have forgotten what became of them. */
  readonly #forgotten = new Set<string>();
  /** The keys of each scope whose purge was asked for. */
  readonly #scopes = new Map<string, readonly string[]>();

  /** I6: who says that it purged holds nothing but what it was told to keep. */
  async sending(disk: ClientStorage, path: string, request: string): Promise<void> {
    if (path !== '/sync') return;
    const { ack } = JSON.parse(request) as SyncRequestBody;
    const keep = ack?.purge === undefined ? undefined : this.#scopes.get(ack.purge);
    if (!keep) return;
    for (const { row } of await heldRows(disk)) {
      if (!row._sk.some((key) => keep.includes(key))) this.problem(`I6: ${row.id} is held after the purge`);
    }
  }

  /** The database went back to an earlier moment: whatever was said may have to be said again, and otherwise. */
  databaseForgot(): void {
    for (const op of this.fates.keys()) this.#forgotten.add(op);
  }

  async answered(asking: Asking, { path, request, status, answer }: Exchange): Promise<void> {
    if (answer.includes(asking.other.mark)) this.problem(`I5: something of the other hospital in ${answer}`);
    if (path !== '/sync' || status !== 200) return;
    const sent = JSON.parse(request) as SyncRequestBody;
    const said = JSON.parse(answer) as SyncResponse;
    if (said.purge) this.#scopes.set(said.purge.ver, said.purge.keep);
    this.#allAnswered(sent, said);
    for (const { op, status: now, was } of said.results) this.#told(op, was ?? now);
    await this.#committed(asking.side.hospital, said);
  }

  /** I7: nothing holds up anything else. */
  #allAnswered({ ops }: SyncRequestBody, { results, unprocessed_from: from }: SyncResponse): void {
    const answered = new Set(results.map(({ op }) => op));
    for (const { op, seq } of ops ?? []) {
      if (!answered.has(op) && (from === null || seq < from)) this.problem(`I7: nothing is said of ${op}`);
    }
  }

  /** I3: what became of an op is the same for ever. */
  #told(op: string, fate: SyncStatus): void {
    // A ledger that has forgotten says no more than that.
    if (fate === 'duplicate') return;
    const before = this.fates.get(op);
    if (before !== undefined && before !== fate && !this.#forgotten.has(op))
      this.problem(`I3: ${op} was ${before}, and is ${fate} now`);
    this.fates.set(op, fate);
  }

  /** I2: what is said is committed. */
  async #committed(hospital: TestHospital, { results }: SyncResponse): Promise<void> {
    const ops = results.map(({ op }) => op);
    if (ops.length === 0) return;
    const rows = await hospital.rows<{ op_id: string; status: SyncStatus }>(
      'select op_id, status from sync.op where hospital_id = $1 and op_id = any ($2::uuid[])',
      [hospital.hospital.id, ops],
    );
    const stored = new Map(rows.map(({ op_id: op, status }) => [op, status]));
    for (const { op, status, was } of results) {
      const fate = was ?? status;
      if (stored.get(op) !== fate) this.problem(`I2: ${op} is called ${fate}, and is ${stored.get(op) ?? 'unknown'}`);
    }
  }

  tookEffect(op: string): boolean {
    return tookEffect(this.fates.get(op));
  }

  problem(problem: string): void {
    this.problems.push(problem);
  }
}
