/** The most urgent first. */
export const alarmPriorities = ['high', 'medium', 'low'] as const;
export type AlarmPriority = (typeof alarmPriorities)[number];

/** `limit`: a value beyond a limit; `score`: an early warning score; `technical`: something is wrong with a device. */
export const alarmKinds = ['limit', 'score', 'technical'] as const;
export type AlarmKind = (typeof alarmKinds)[number];

/** `pending` is beyond a limit, but not for long enough yet: nobody is shown it. */
export const alarmStates = ['pending', 'raised', 'notified', 'acknowledged', 'resolved'] as const;
export type AlarmState = (typeof alarmStates)[number];

/** What becomes of an alarm, as `alarm_event` keeps it. */
export const alarmEventKinds = [
  'raised',
  'suppressed',
  'unsuppressed',
  'notified',
  'acknowledged',
  'escalated',
  'noted',
  'moved',
  'resolved',
] as const;
export type AlarmEventKind = (typeof alarmEventKinds)[number];

/** Why an alarm ended that neither a reading nor a person ended. */
export const alarmEndCauses = ['patient-deceased', 'patient-deleted'] as const;
export type AlarmEndCause = (typeof alarmEndCauses)[number];

/** How people are told of an alarm. */
export const alarmChannels = ['live', 'mail'] as const;
export type AlarmChannel = (typeof alarmChannels)[number];

/** Who may be told of an alarm. */
export const alarmRoles = ['nurse', 'doctor', 'hospital_admin'] as const;
export type AlarmRole = (typeof alarmRoles)[number];
