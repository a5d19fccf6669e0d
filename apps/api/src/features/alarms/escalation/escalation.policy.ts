import { commonError, type AlarmChannel, type AlarmPriority, type AlarmRole } from '@hms/contracts';

/** `alarm.escalation_level` counts to 3. */
export const maxSteps = 4;

/** Who is told when nobody acknowledges. */
export interface Step {
  readonly afterSeconds: number;
  readonly roles: readonly AlarmRole[];
  readonly channels: readonly AlarmChannel[];
}

export interface LeveledStep extends Step {
  readonly level: number;
}

/** What counts should a hospital have no steps at all: an alarm that nobody is told of would be none. */
export const lastResort: readonly LeveledStep[] = [
  { level: 0, afterSeconds: 0, roles: ['nurse', 'doctor'], channels: ['live'] },
];

/** @throws `request.invalid` unless the first is told at once and each further one later */
export function assertSteps(steps: readonly Step[]): void {
  const errors = steps.flatMap(({ afterSeconds }, i) => {
    const before = steps[i - 1];
    const wrong = before ? afterSeconds <= before.afterSeconds : afterSeconds !== 0;
    const message = before ? 'must be later than the step before' : 'must be 0: the first step is told at once';
    const field = `steps.${i}.afterSeconds`;
    return wrong ? [{ field, code: 'order', message: `${field} ${message}` }] : [];
  });
  if (errors.length > 0) throw commonError('request.invalid', { errors });
}

/** An alarm somebody must be told of. */
export interface Untold {
  readonly state: 'raised' | 'notified';
  readonly priority: AlarmPriority;
  /** The last that was told. */
  readonly escalationLevel: number;
  /** When it became due. */
  readonly escalateAt: Date;
}

/** The step that is due: the first, the next, or after the last the last again. */
export function dueStep(steps: readonly LeveledStep[], { state, escalationLevel }: Untold): LeveledStep {
  const following = state === 'raised' ? steps[0] : stepAfter(steps, escalationLevel);
  const step = following ?? steps.at(-1);
  if (!step) throw new Error('an alarm without steps');
  return step;
}

export const stepAfter = (steps: readonly LeveledStep[], level: number): LeveledStep | undefined =>
  steps.find((step) => step.level > level);

const retryMs = 5 * 60_000;
const remindMs = 15 * 60_000;

/**
 * When somebody must be told again. Times of steps count from when the one before was due, not from when it was done: a
 * worker that comes late catches up. After the last step an alarm of high priority is told again every 15 minutes, and
 * one that nobody could be told of is tried again every 5.
 */
export function dueAfter(
  steps: readonly LeveledStep[],
  told: { readonly step: LeveledStep; readonly somebody: boolean },
  { priority, escalateAt }: Untold,
  now: Date,
): Date | null {
  const following = stepAfter(steps, told.step.level);
  if (following) return new Date(escalateAt.getTime() + (following.afterSeconds - told.step.afterSeconds) * 1_000);
  if (!told.somebody) return new Date(now.getTime() + retryMs);
  return priority === 'high' ? new Date(now.getTime() + remindMs) : null;
}
