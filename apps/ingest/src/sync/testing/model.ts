import * as fc from 'fast-check';
import { type Command, commandArbitraries, type Plan, plans } from './commands.js';
import type { Ground } from './ground.js';
import { assertInvariants } from './oracle.js';
import type { Worker } from './worker.js';
import { World } from './world.js';

/** As much as says which commands make sense. */
class Model {
  /** Writers with an open transaction. */
  readonly open = new Set<number>();
  /** Workers whose pooler is away. */
  readonly cut = new Set<number>();
  isStalled = false;
  isFull = false;

  allows(command: Command): boolean {
    if (command.do === 'end') return this.open.has(command.writer);
    if (command.do === 'stall') return command.on !== this.isStalled;
    if (command.do === 'pooler') return command.on === this.cut.has(command.worker);
    if (command.do === 'disk') return command.full !== this.isFull;
    return true;
  }

  happens(command: Command): void {
    if (command.do === 'sql') this.open.add(command.writer);
    if (command.do === 'end') this.open.delete(command.writer);
    if (command.do === 'bulk') this.open.delete(0);
    if (command.do === 'stall') this.isStalled = command.on;
    if (command.do === 'relay') this.isStalled = false;
    if (command.do === 'pooler') this.cut[command.on ? 'delete' : 'add'](command.worker);
    if (command.do === 'disk') this.isFull = command.full;
  }
}

class Step implements fc.AsyncCommand<Model, World> {
  constructor(
    private readonly command: Command,
    private readonly count: (what: string) => void,
  ) {}

  check(model: Model): boolean {
    return model.allows(this.command);
  }

  async run(model: Model, world: World): Promise<void> {
    model.happens(this.command);
    this.count(this.command.do);
    await world.happens(this.command);
  }

  toString(): string {
    return JSON.stringify(this.command);
  }
}

export interface Stage {
  readonly ground: Ground;
  readonly workers: readonly Worker[];
  /** How long devices may take to converge once all is calm. */
  readonly withinMs: number;
}

/** How much a run may cost. */
export interface Effort {
  readonly maxCommands: number;
  /** By `performance.now()`: what would begin later is left out. */
  readonly until: number;
  /** How long to make a counterexample smaller. */
  readonly shrinkForMs: number;
  /** Counts what happened, by its kind. */
  readonly tally: Map<string, number>;
}

const everybodySyncs: Command = { do: 'sync', phones: [0, 1, 2, 3, 4, 5], worker: 0, fates: [] };

/** Whatever happens: when it has calmed down, I1–I10 hold. */
export function invariantsHold(
  stage: Stage,
  { maxCommands, until, shrinkForMs, tally }: Effort,
): fc.IAsyncProperty<unknown> {
  let end = until;
  let hasFailed = false;
  const count = (what: string): void => void tally.set(what, (tally.get(what) ?? 0) + 1);
  const steps = commandArbitraries.map((each) => each.map((command) => new Step(command, count)));
  return fc.asyncProperty(plans, fc.commands(steps, { maxCommands, size: 'max' }), async (plan, commands) => {
    if (performance.now() >= end) return;
    count('worlds');
    try {
      await inWorld(stage, plan, async (world) => {
        await world.happens(everybodySyncs);
        await fc.asyncModelRun(() => ({ model: new Model(), real: world }), commands);
      });
    } catch (err) {
      if (!hasFailed) {
        const events = [...commands].map((command) => command.toString()).join(' ');
        process.stdout.write(`sync-model: ${JSON.stringify(plan)} ${events}\n${String(err)}\n`);
        end = performance.now() + shrinkForMs;
        hasFailed = true;
      }
      throw err;
    }
  });
}

/** What the invariants say of a fixed course of events; undefined when all of them hold. */
export async function problemOf(stage: Stage, plan: Plan, script: readonly Command[]): Promise<string | undefined> {
  try {
    await inWorld(stage, plan, async (world) => {
      for (const command of script) await world.happens(command);
    });
    return undefined;
  } catch (err) {
    return err instanceof Error ? err.message : String(err);
  }
}

async function inWorld(
  { ground, workers, withinMs }: Stage,
  plan: Plan,
  lives: (world: World) => Promise<void>,
): Promise<void> {
  const world = await World.create(ground, workers, plan);
  try {
    await lives(world);
    await assertInvariants(world, withinMs);
  } finally {
    await world.calms();
  }
}
