import { migrateAll, withOwner } from '@hms/database';
import type { Command } from 'commander';
import { ownerUrl } from '../config.js';
import { existingSlug } from '../hospital/existing-slug.js';
import { progressLine, summaryLine } from './progress-line.js';

export function registerMigrate(program: Command): void {
  program
    .command('migrate')
    .description('Bring the shared schema and every hospital to this version; safe to interrupt and repeat.')
    .option('--only <slug>', 'only this hospital, after the shared schema', existingSlug)
    .action(async ({ only }: { only?: ReturnType<typeof existingSlug> }) => {
      const results = await withOwner(ownerUrl(process.env), (owner) =>
        migrateAll(owner, {
          only,
          onProgress: (progress) => {
            const line = progressLine(progress);
            if (line !== undefined) process.stdout.write(`${line}\n`);
          },
        }),
      );
      process.stdout.write(`${summaryLine(results)}\n`);
      if (results.some((result) => result.status === 'failed')) process.exitCode = 1;
    });
}
