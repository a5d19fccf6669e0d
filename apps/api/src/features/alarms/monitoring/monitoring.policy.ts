import { commonError } from '@hms/contracts';

export const spo2Scales = [1, 2] as const;
export type Spo2Scale = (typeof spo2Scales)[number];
export const scoreChoices = ['by-age', 'news2', 'bedside-pews', 'off'] as const;
export type ScoreChoice = (typeof scoreChoices)[number];
export const scoreProfiles = ['news2', 'bedside-pews'] as const;
export type ScoreProfile = (typeof scoreProfiles)[number];

export interface MonitoringChoice {
  readonly spo2Scale: Spo2Scale;
  readonly score: ScoreChoice;
  readonly reason: string | null;
}

/** What counts where nobody decided anything. */
export const byDefault: MonitoringChoice = { spo2Scale: 1, score: 'by-age', reason: null };

/** Leaving the default is a clinical decision that others must be able to read. @throws `request.invalid` */
export function assertReasoned({ spo2Scale, score, reason }: MonitoringChoice): void {
  if ((spo2Scale === byDefault.spo2Scale && score === byDefault.score) || reason !== null) return;
  throw commonError('request.invalid', {
    errors: [{ field: 'reason', code: 'required', message: 'reason must say why' }],
  });
}
