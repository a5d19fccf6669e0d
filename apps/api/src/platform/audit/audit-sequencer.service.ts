import { beginning, canonicalText, CheckpointFile, checkpointText, hashOf, type SealedValue } from '@hms/audit';
import { Inject, Injectable } from '@nestjs/common';
import type { HospitalRef } from '@hms/database';
import { Counter, type Logger, type Registry } from '@hms/service-kit';
import { ApiConfig } from '../config/api-config.js';
import { metricsRegistry, rootLogger } from '../observability/observability.tokens.js';
import {
  AuditChainRepository,
  checkpointEveryMs,
  type ChainTx,
  type Head,
  type NewLink,
  type UnchainedRow,
} from './audit-chain.repository.js';

const rowsPerStep = 2_000;
const checkpointEveryRows = 1_000;

/** Puts the rows of a hospital's audit, or of the platform's, in a chain that nobody can change unnoticed. */
@Injectable()
export class AuditSequencer {
  /** The newest checkpoint each file is known to have. */
  readonly #copied = new Map<string | null, number>();
  readonly #chained: Counter;
  readonly #forged: Counter;

  constructor(
    private readonly config: ApiConfig,
    private readonly chains: AuditChainRepository,
    @Inject(rootLogger) private readonly logger: Logger,
    @Inject(metricsRegistry) registry: Registry,
  ) {
    const registers = [registry];
    this.#chained = new Counter({ name: 'audit_chained_total', help: 'Audit rows put in their chain', registers });
    this.#forged = new Counter({
      name: 'audit_forged_total',
      help: 'Audit rows found in the database that the platform did not write',
      registers,
    });
  }

  /** Chains all that is committed, signs when it is time, and copies what was signed out of the database. */
  async advance(hospital: HospitalRef | null, now = new Date()): Promise<void> {
    while ((await this.chains.inChain(hospital, (tx) => this.#step(tx, hospital, now))) === rowsPerStep);
    await this.#copy(hospital);
  }

  /** @returns how many rows it chained */
  async #step(tx: ChainTx, hospital: HospitalRef | null, now: Date): Promise<number> {
    if (!(await this.chains.lock(tx, hospital))) return 0;
    const progress = await this.chains.progress(tx, hospital);
    const rows = await this.chains.unchained(tx, hospital, progress, rowsPerStep);
    const before = (await this.chains.head(tx, hospital)) ?? { seq: 0, hash: beginning(hospital?.id ?? null) };
    const last = rows.at(-1);
    const head = last ? await this.#append(tx, hospital, before, rows) : before;
    if (last) {
      const reached = { ...progress, afterXid: last.xid, afterId: last.id };
      await this.chains.save(tx, hospital, reached, rows.length < rowsPerStep);
    } else if (progress.afterXid !== '0') await this.chains.save(tx, hospital, progress, true);
    await this.#sign(tx, hospital, head, now);
    return rows.length;
  }

  async #append(tx: ChainTx, hospital: HospitalRef | null, before: Head, rows: readonly UnchainedRow[]): Promise<Head> {
    let { seq, hash } = before;
    const links: NewLink[] = [];
    for (const { id, xid, mac, keyId, sealed } of rows) {
      const text = canonicalText(hospital?.id ?? null, keyId, JSON.parse(sealed) as SealedValue[]);
      if (!this.config.auditKeys.isSealed(text, { keyId, mac: Buffer.from(mac) })) this.#report(hospital, id);
      seq += 1;
      hash = hashOf(hash, { seq, xid, mac, text });
      links.push({ seq, event_id: id, hash: `\\x${Buffer.from(hash).toString('hex')}` });
    }
    await this.chains.append(tx, hospital, links);
    this.#chained.inc(links.length);
    return { seq, hash };
  }

  /** It is chained all the same: taking it away again would be found, too. */
  #report(hospital: HospitalRef | null, eventId: string): void {
    this.#forged.inc();
    this.logger.error({ hospitalId: hospital?.id, eventId }, 'an audit row was not written by the platform');
  }

  async #sign(tx: ChainTx, hospital: HospitalRef | null, head: Head, now: Date): Promise<void> {
    const last = await this.chains.lastCheckpoint(tx, hospital);
    const grown = head.seq - (last?.seq ?? 0);
    const rested = now.getTime() - (last?.at.getTime() ?? 0);
    if (grown === 0 || (grown < checkpointEveryRows && rested < checkpointEveryMs)) return;
    const signed = { seq: head.seq, at: now.getTime(), hash: Buffer.from(head.hash) };
    const signature = this.config.auditKeys.sign(checkpointText(hospital?.id ?? null, signed));
    await this.chains.addCheckpoint(tx, hospital, { ...signed, ...signature });
  }

  /** Only what is committed: a copy can never promise a chain that does not exist. */
  async #copy(hospital: HospitalRef | null): Promise<void> {
    const key = hospital?.id ?? null;
    const file = new CheckpointFile(this.config.auditCheckpointDir, key);
    const copied = this.#copied.get(key) ?? Math.max(0, ...(await file.read()).map(({ seq }) => seq));
    const missing = await this.chains.inChain(hospital, (tx) => this.chains.checkpointsAfter(tx, hospital, copied));
    if (missing.length > 0) await file.append(missing);
    this.#copied.set(key, missing.at(-1)?.seq ?? copied);
  }
}
