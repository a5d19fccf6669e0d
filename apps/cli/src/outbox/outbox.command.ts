import { OperatorError, withOwner } from '@hms/database';
import Table from 'cli-table3';
import type { Command } from 'commander';
import type pg from 'pg';
import { OperatorAudit } from '../audit/operator-audit.js';
import { ownerUrl } from '../config.js';
import { inTransaction } from '../in-transaction.js';
import { deadLetters, outboxStatus, replay, retire, type DeadLetter, type OutboxStatus } from './outbox-queries.js';

interface ReplayOptions {
  all?: true;
  consumer?: string;
}

export function registerOutbox(program: Command): void {
  const outbox = program.command('outbox').description('Look after events on their way to their consumers.');
  outbox
    .command('status')
    .description('Show how old the oldest waiting event is, and what waits or is dead by consumer.')
    .action(async () => print(statusText(await withOwner(ownerUrl(process.env), outboxStatus))));
  outbox
    .command('dead')
    .description('List the newest 100 deliveries that are tried no more, with the reason.')
    .option('--consumer <name>', 'only of this consumer')
    .action(async ({ consumer }: { consumer?: string }) =>
      print(deadText(await withOwner(ownerUrl(process.env), (owner) => deadLetters(owner, consumer)))),
    );
  outbox
    .command('replay [delivery]')
    .description('Try dead deliveries again; repeating it does no harm.')
    .option('--all', 'all of them')
    .option('--consumer <name>', 'with --all: only of this consumer')
    .action(async (delivery: string | undefined, options: ReplayOptions) => {
      const which = chosen(delivery, options);
      const about = [which.id ?? which.consumer ?? 'all'];
      const count = await audited('hms outbox replay', about, (owner) => replay(owner, which));
      print(`${count} ${count === 1 ? 'delivery is' : 'deliveries are'} tried again.`);
    });
  outbox
    .command('retire-consumer <name>')
    .description('Forget a consumer that no release has any more, with what waits for it.')
    .option('--type <event>', 'only a type of event it listens to no longer')
    .action(async (name: string, { type }: { type?: string }) => {
      const about = type === undefined ? [name] : [name, type];
      const count = await audited('hms outbox retire-consumer', about, (owner) => retire(owner, name, type));
      print(`${name} is retired${type === undefined ? '' : ` from ${type}`}; ${count} deliveries went with it.`);
    });
}

/** Changes deliveries, and records that in the same transaction. */
async function audited<T>(
  operation: string,
  entityIds: readonly string[],
  work: (owner: pg.Client) => Promise<T>,
): Promise<T> {
  const audit = OperatorAudit.open(process.env);
  return withOwner(ownerUrl(process.env), (owner) =>
    inTransaction(owner, async () => {
      await audit.record(owner, { action: 'execute', entity: 'outbox', entityIds, operation });
      return work(owner);
    }),
  );
}

function chosen(id: string | undefined, { all, consumer }: ReplayOptions): { id?: string; consumer?: string } {
  if ((id === undefined) === (all === undefined)) throw new OperatorError('Name one delivery, or give --all.');
  if (id === undefined) return consumer === undefined ? {} : { consumer };
  if (consumer !== undefined) throw new OperatorError('--consumer goes with --all.');
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)) throw new OperatorError(`"${id}" is no delivery's id.`);
  return { id };
}

function statusText({ lagSeconds, consumers }: OutboxStatus): string {
  const table = new Table({ head: ['consumer', 'pending', 'leased', 'dead'], style: { head: [], border: [] } });
  for (const { consumer, pending, leased, dead } of consumers) table.push([consumer, pending, leased, dead]);
  const lag = lagSeconds === null ? 'Nothing waits.' : `The oldest waiting event is ${lagSeconds.toFixed(1)} s old.`;
  return `${lag}\n${table.toString()}`;
}

function deadText(letters: readonly DeadLetter[]): string {
  if (letters.length === 0) return 'No delivery is dead.';
  const head = ['delivery', 'consumer', 'event', 'reason', 'tries', 'since'];
  const table = new Table({ head, style: { head: [], border: [] } });
  for (const { id, consumer, type, reason, attempts, since } of letters) {
    table.push([id, consumer, type, reason ?? '', attempts, since.toISOString()]);
  }
  return table.toString();
}

const print = (text: string): void => void process.stdout.write(`${text}\n`);
