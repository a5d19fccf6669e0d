import type { VitalValues } from './vitals.js';

/** Socket.IO namespace of live ward data. */
export const liveNamespace = '/live';

/** The last known values of one patient since the previous event. */
export interface VitalsUpdate {
  readonly patientId: string;
  /** RFC 3339, UTC. */
  readonly recordedAt: string;
  readonly values: VitalValues;
  /** Grows with the commits of one ingest process: all before it are in the table. `0` in a snapshot. */
  readonly position: string;
}

/** What ingest publishes for one ward after each commit. */
export interface WardVitals {
  readonly wardId: string;
  readonly updates: readonly VitalsUpdate[];
}

/** Redis channel of one hospital's live vitals. The hash tag keeps a hospital on one cluster node. */
export const vitalsChannel = (hospitalId: string): string => `{h:${hospitalId}}:live:vitals`;
/** Redis channel of one hospital's domain events, those with a live audience. */
export const liveEventsChannel = (hospitalId: string): string => `{h:${hospitalId}}:live:events`;

/** Redis channel on which relays are told that events were committed. Only a hint: they look by themselves too. */
export const wakeChannel = '{hms}:outbox:wake';

const channelForm = /^\{h:([0-9a-f-]{36})\}:live:(?:vitals|events)$/;

/** The hospital a channel belongs to, or undefined when the name is not one of ours. */
export const hospitalOfChannel = (channel: string): string | undefined => channelForm.exec(channel)?.[1];
