/** What slots are computed from, with days and minutes as in local-day.ts. */
export interface Service {
  readonly id: string;
  readonly durationMin: number;
  readonly bufferBeforeMin: number;
  readonly bufferAfterMin: number;
}

/** Where a provider is. */
export interface Place {
  readonly siteId: string;
  readonly siteName: string;
  readonly tz: string;
}

export interface Rule extends Place {
  /** Empty: every service. */
  readonly serviceIds: readonly string[];
  readonly weekday: number;
  readonly startMin: number;
  /** At or before the start: on the next day. */
  readonly endMin: number;
  readonly slotMin: number;
  readonly capacity: number | null;
  readonly validFrom: number | null;
  readonly validUntil: number | null;
  readonly bookableBy: 'staff' | 'patient';
  readonly minNoticeMin: number;
  readonly horizonDays: number;
}

export interface Exception extends Place {
  readonly kind: 'closed' | 'extra' | 'capacity';
  readonly firstDay: number;
  readonly lastDay: number;
  readonly startMin: number | null;
  readonly endMin: number | null;
  readonly serviceIds: readonly string[];
  readonly slotMin: number | null;
  readonly capacity: number | null;
}

/** A seat that is taken, buffers included, in milliseconds. */
export interface Busy {
  readonly seat: number;
  readonly start: number;
  readonly end: number;
}

/** When a provider can be booked, or a room or a device, whatever is booked. */
export interface Hours {
  readonly id: string;
  readonly capacity: number;
  readonly rules: readonly Rule[];
  readonly exceptions: readonly Exception[];
}

export interface Provider extends Hours {
  /** By start. */
  readonly busy: readonly Busy[];
}

export interface Slot {
  readonly start: number;
  readonly end: number;
  readonly providerId: string;
  readonly serviceId: string;
  readonly siteId: string;
  readonly siteName: string;
  readonly tz: string;
  readonly capacity: number;
  readonly seatsFree: number;
}

/** Who asks, and when: patients are told of less. */
export interface Viewer {
  readonly now: number;
  readonly isPatient: boolean;
}
