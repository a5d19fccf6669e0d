/** Of a stay in the hospital. Those of FHIR's Encounter are its encounter's. */
export const admissionStates = [
  'requested',
  'accepted',
  'admitted',
  'discharge_ordered',
  'discharge_ready',
  'discharged',
  'cancelled',
  'absconded',
  'deceased',
  'left_against_advice',
] as const;
export type AdmissionState = (typeof admissionStates)[number];

/** How a stay may end at any time after the admission: with no order, and no readiness. */
const unplannedEnds = ['absconded', 'deceased', 'left_against_advice'] as const satisfies readonly AdmissionState[];

/** What each state may become. Total: what is not named is refused, here and by the database (guard_admission). */
export const admissionMoves: Readonly<Record<AdmissionState, readonly AdmissionState[]>> = {
  requested: ['accepted', 'cancelled'],
  accepted: ['admitted', 'cancelled'],
  admitted: ['discharge_ordered', ...unplannedEnds],
  // An order is taken back when the patient is not well enough after all.
  discharge_ordered: ['admitted', 'discharge_ready', ...unplannedEnds],
  discharge_ready: ['admitted', 'discharged', ...unplannedEnds],
  discharged: [],
  cancelled: [],
  absconded: [],
  deceased: [],
  left_against_advice: [],
};

/** The patient is in the hospital. */
export const stayingStates = [
  'admitted',
  'discharge_ordered',
  'discharge_ready',
] as const satisfies readonly AdmissionState[];
/** The patient has left. */
export const departures = ['discharged', ...unplannedEnds] as const satisfies readonly AdmissionState[];
export type Departure = (typeof departures)[number];

export const bedStatuses = ['available', 'reserved', 'occupied', 'cleaning', 'blocked'] as const;
export type BedStatus = (typeof bedStatuses)[number];

/** What each state of a bed may become. Who leaves a bed leaves it to be cleaned: nobody lies down in it before. */
export const bedMoves: Readonly<Record<BedStatus, readonly BedStatus[]>> = {
  available: ['reserved', 'occupied', 'cleaning', 'blocked'],
  reserved: ['available', 'occupied'],
  occupied: ['cleaning'],
  cleaning: ['available', 'blocked'],
  blocked: ['available', 'cleaning'],
};

export const admissionMayMove = (from: AdmissionState, to: AdmissionState): boolean =>
  admissionMoves[from].includes(to);
export const bedMayMove = (from: BedStatus, to: BedStatus): boolean => bedMoves[from].includes(to);
