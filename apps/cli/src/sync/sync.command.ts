import { OperatorError, withOwner } from '@hms/database';
import Table from 'cli-table3';
import type { Command } from 'commander';
import { ownerUrl } from '../config.js';
import { reconcile, type Reconciled } from './reconcile.js';
import { feedStatus, type FeedStatus, hospitalStatuses, type HospitalSyncStatus } from './sync-status.js';

export function registerSync(program: Command): void {
  const sync = program.command('sync').description('Look after phones and tablets that work offline.');
  sync
    .command('status')
    .description('Show how far the change feed is behind, and what waits by hospital.')
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: true }) => {
      const [feed, hospitals] = await withOwner(ownerUrl(process.env), async (owner) => [
        await feedStatus(owner),
        await hospitalStatuses(owner),
      ]);
      const text = json ? JSON.stringify({ feed, hospitals }, undefined, 2) : statusText(feed, hospitals);
      process.stdout.write(`${text}\n`);
    });
  sync
    .command('reconcile')
    .description(
      'Compare every row that devices hold with what the change feed said of it. Ends with 1 when they differ.',
    )
    .option('--hospital <slug>', 'only this hospital')
    .option('--repair', 'tell devices anew of what differs')
    .option('--json', 'as JSON')
    .action(async ({ hospital, repair = false, json }: { hospital?: string; repair?: boolean; json?: true }) => {
      const all = await withOwner(ownerUrl(process.env), (owner) => reconcile(owner, { slug: hospital, repair }));
      if (all.length === 0)
        throw new OperatorError(hospital ? `there is no hospital ${hospital}` : 'there is no hospital');
      process.stdout.write(`${json ? JSON.stringify(all, undefined, 2) : reconciledText(all)}\n`);
      if (all.some(({ untold, misplaced, repaired }) => untold + misplaced > repaired)) process.exitCode = 1;
    });
}

function reconciledText(all: readonly Reconciled[]): string {
  const table = new Table({ head: ['hospital', 'entity', 'rows', 'untold', 'misplaced', 'repaired'] });
  const wrong = all.filter(({ untold, misplaced }) => untold + misplaced > 0);
  table.push(
    ...wrong.map(({ slug, entity, rows, untold, misplaced, repaired }) => [
      slug,
      entity,
      rows,
      untold,
      misplaced,
      repaired,
    ]),
  );
  const rows = all.reduce((sum, one) => sum + one.rows, 0);
  const hospitals = new Set(all.map(({ slug }) => slug)).size;
  const checked = `${rows} rows of ${hospitals} ${hospitals === 1 ? 'hospital' : 'hospitals'} were compared.`;
  return wrong.length === 0 ? `${checked} Devices were told of all of them.` : `${checked}\n${table.toString()}`;
}

function statusText(feed: FeedStatus, hospitals: readonly HospitalSyncStatus[]): string {
  const table = new Table({ head: ['hospital', 'devices', 'silent 7 d', 'purging', 'conflicts', 'quarantined'] });
  table.push(
    ...hospitals.map(({ slug, devices, silent, purging, conflicts, quarantined }) => [
      slug,
      devices,
      silent,
      purging,
      conflicts,
      quarantined,
    ]),
  );
  return [
    `Feed ${feed.feed}, epoch ${feed.epoch}, at ${feed.pos}, kept since ${feed.floor}.`,
    feed.lagSeconds === null ? 'Everything is relayed.' : `The oldest change waits for ${age(feed.lagSeconds)}.`,
    feed.openSeconds === null
      ? 'No writing transaction is open.'
      : `A writing transaction is open for ${age(feed.openSeconds)}; its changes come when it ends.`,
    hospitals.length > 0 ? table.toString() : 'There is no hospital yet.',
  ].join('\n');
}

const age = (seconds: number): string =>
  seconds < 120 ? `${seconds.toFixed(1)} s` : `${Math.round(seconds / 60)} min`;
