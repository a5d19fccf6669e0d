/** What a topic says; who may publish to it is the broker's to know. */
export type Topic =
  | { readonly form: 'vitals'; readonly slug: string; readonly device: string }
  /** As devices of ThingsBoard publish. */
  | { readonly form: 'thingsboard' };

const thingsboard = 'v1/devices/me/telemetry';

/** Processes of ingest share what comes. */
export const subscriptionOf = (slug: string): string => `$share/ingest/v1/${slug}/#`;
/** What names no hospital. */
export const commonSubscription = `$share/ingest/${thingsboard}`;

const vitals = /^v1\/([a-z][a-z0-9_]{1,40})\/([A-Za-z0-9._:-]{1,64})\/vitals$/;

/** Undefined for a topic nothing is expected at. */
export function parseTopic(topic: string): Topic | undefined {
  if (topic === thingsboard) return { form: 'thingsboard' };
  const [, slug, device] = vitals.exec(topic) ?? [];
  return slug !== undefined && device !== undefined ? { form: 'vitals', slug, device } : undefined;
}
