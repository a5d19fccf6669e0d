import type { ScoreProfile } from './monitoring.policy.js';

/**
 * What a band asks for: of NEWS2 as the Royal College of Physicians says it (2017, charts 3 and 4). Bedside PEWS
 * publishes no response; the hospital's own protocol counts.
 */
const responses: Readonly<Record<ScoreProfile, Readonly<Partial<Record<string, string>>>>> = {
  news2: {
    low: 'Ward-based: monitor at least every 4 to 6 hours, at a total of 0 every 12 hours.',
    'ward-review': 'Urgent ward-based review, because one parameter alone is extreme; monitor at least hourly.',
    urgent: 'Urgent response: review within 1 hour by a clinician for acute illness; monitor at least hourly.',
    emergency: 'Emergency response: review within 30 minutes by the critical care team; monitor continuously.',
    incomplete: 'Measure what is missing: an incomplete score is no score.',
  },
  'bedside-pews': {
    low: 'Monitor as the protocol of the ward says.',
    review: 'Review by the responsible clinician; monitor more often.',
    critical: 'High risk of deterioration: urgent review, with critical care.',
    incomplete: 'Measure what is missing: an incomplete score is no score.',
  },
};

export const responseTo = (profile: ScoreProfile, band: string): string | null => responses[profile][band] ?? null;
