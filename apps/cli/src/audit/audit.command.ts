import { AuditKeys, CheckpointFile, verifyAudit, type AuditReport } from '@hms/audit';
import { listHospitals, OperatorError, schemaOf, withOwner } from '@hms/database';
import { parseEnv } from '@hms/service-kit';
import type { Command } from 'commander';
import type pg from 'pg';
import { z } from 'zod';
import { ownerUrl } from '../config.js';
import { existingSlug } from '../hospital/existing-slug.js';

interface VerifyOptions {
  hospital?: string;
  checkpoints?: string;
}

/** How far behind the chain and its copies may be. */
const graceMs = 120_000;
const Env = z.object({ AUDIT_KEYS_FILE: z.string().min(1), AUDIT_CHECKPOINT_DIR: z.string().min(1).optional() });

export function registerAudit(program: Command): void {
  program
    .command('audit')
    .description('Prove that the audit is complete and unchanged.')
    .command('verify')
    .description('Recompute every seal, hash and signature of the audit; fails when anything was tampered with.')
    .option('--hospital <slug>', 'only this hospital; otherwise all, and the platform')
    .option('--checkpoints <folder>', 'copies of the checkpoints, kept outside the database')
    .action(verify);
}

async function verify(options: VerifyOptions): Promise<void> {
  const env = parseEnv(Env, process.env);
  const keys = AuditKeys.read(env.AUDIT_KEYS_FILE);
  const folder = options.checkpoints ?? env.AUDIT_CHECKPOINT_DIR;
  const only = options.hospital === undefined ? undefined : existingSlug(options.hospital);
  const bad = await withOwner(ownerUrl(process.env), async (owner) => {
    const hospitals = (await listHospitals(owner)).filter((h) => h.status !== 'provisioning');
    const chosen = only === undefined ? [undefined, ...hospitals] : hospitals.filter(({ slug }) => slug === only);
    if (chosen.length === 0) throw new OperatorError(`There is no hospital ${String(only)}.`);
    const failed: string[] = [];
    for (const hospital of chosen) {
      const target = { hospitalId: hospital?.id ?? null, schema: hospital ? schemaOf(hospital.slug) : 'public' };
      // Copies first: what is signed later than the snapshot cannot be missed in it.
      const copies = folder === undefined ? {} : { copies: await new CheckpointFile(folder, target.hospitalId).read() };
      const startedAt = performance.now();
      const report = await inSnapshot(owner, () =>
        verifyAudit(owner, target, { keys, ...copies, graceMs, now: Date.now() }),
      );
      const name = hospital?.slug ?? 'the platform';
      process.stdout.write(reportLines(name, report, performance.now() - startedAt));
      if (report.findings.length > 0) failed.push(name);
    }
    return failed;
  });
  if (folder === undefined) process.stdout.write('Without copies of the checkpoints a cut tail cannot be seen.\n');
  if (bad.length > 0) throw new OperatorError(`The audit was tampered with: ${bad.join(', ')}.`);
}

async function inSnapshot<T>(owner: pg.Client, work: () => Promise<T>): Promise<T> {
  await owner.query('begin isolation level repeatable read read only');
  try {
    return await work();
  } finally {
    await owner.query('rollback').catch(() => undefined); // only fails when the connection is gone
  }
}

function reportLines(name: string, { rows, checkpoints, findings, firstBadSeq }: AuditReport, ms: number): string {
  const rate = Math.round(rows / Math.max(ms / 1_000, 0.001));
  const summary = `${name}: ${rows} rows, ${checkpoints} checkpoints, ${rate} rows/s`;
  if (findings.length === 0) return `${summary}, untouched.\n`;
  const where = firstBadSeq === undefined ? '' : `, first bad seq ${firstBadSeq}`;
  const lines = findings.map(({ seq, eventId, what }) => `  ${seq ?? '-'} ${eventId ?? ''} ${what}`);
  return [`${summary}, TAMPERED WITH${where}:`, ...lines, ''].join('\n');
}
