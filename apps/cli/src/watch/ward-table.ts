import { styleText } from 'node:util';
import { type AlarmPriority, type VitalCode } from '@hms/contracts';
import Table from 'cli-table3';
import { type BoardAlarm, type BoardRow, type Sign } from './ward-board.js';

const second = 1_000;
const minute = 60 * second;

interface Column {
  readonly title: string;
  /** Shown together, as in 118/76. */
  readonly codes: readonly [VitalCode, ...VitalCode[]];
  readonly digits: number;
  /** Older than this is stale: the monitor should have sent a newer value by then. */
  readonly freshMs: number;
}

const columns: readonly Column[] = [
  { title: 'HR /min', codes: ['heartRate'], digits: 0, freshMs: 15 * second },
  { title: 'RR /min', codes: ['respiratoryRate'], digits: 0, freshMs: 15 * second },
  { title: 'SpO₂ %', codes: ['spo2'], digits: 0, freshMs: 15 * second },
  { title: 'BP mmHg', codes: ['systolic', 'diastolic'], digits: 0, freshMs: 20 * minute },
  { title: 'Temp °C', codes: ['temperature'], digits: 1, freshMs: 20 * minute },
];

/** Told apart without their colours, too. */
const urgency = {
  high: { mark: '!!!', style: ['bold', 'red'] },
  medium: { mark: '!!', style: ['bold', 'yellow'] },
  low: { mark: '!', style: ['cyan'] },
} as const satisfies Record<AlarmPriority, { mark: string; style: Parameters<typeof styleText>[0] }>;

const arrows = { up: '▲', down: '▼', other: '◆' } as const;

/** The ward as a table. Changed values carry an arrow; stale ones stand in brackets with their age, and grey. */
export function wardTable(rows: readonly BoardRow[], now: number): string {
  const table = new Table({
    head: ['Bed', 'Patient', 'MRN', 'Alarms', ...columns.map((column) => column.title), 'Age'],
    colAligns: ['left', 'left', 'left', 'left', ...columns.map(() => 'right' as const), 'right'],
    style: { head: [], border: [], compact: true },
  });
  for (const { patient, alarms, signs, recordedAt } of rows) {
    table.push([
      patient.bedLabel ?? '',
      patient.name,
      patient.mrn,
      alarms.map(alarmText).join('\n'),
      ...columns.map((column) => cell(column, signs, now)),
      recordedAt === undefined ? '–' : age(now - recordedAt),
    ]);
  }
  return table.toString();
}

/** One patient's values in a line, for a log or a pipe. */
export function wardLine({ patient, alarms, signs, recordedAt }: BoardRow, now: number): string {
  const values = columns.map((column) => `${column.title.split(' ')[0] ?? ''} ${cell(column, signs, now).trim()}`);
  const time = recordedAt === undefined ? '–' : new Date(recordedAt).toISOString();
  return [time, patient.bedLabel ?? '–', patient.mrn, patient.name, ...values, ...alarms.map(alarmText)].join('  ');
}

function alarmText({ rule, priority, acknowledged }: BoardAlarm): string {
  const { mark, style } = urgency[priority];
  return acknowledged ? styleText('dim', `${mark} ${rule} (seen to)`) : styleText([...style], `${mark} ${rule}`);
}

function cell({ codes, digits, freshMs }: Column, signs: BoardRow['signs'], now: number): string {
  const found = codes.flatMap((code) => signs.get(code) ?? []);
  const [first] = found;
  if (!first || found.length < codes.length) return '–  ';
  const text = found.map(({ value }) => (typeof value === 'number' ? value.toFixed(digits) : String(value))).join('/');
  const old = now - first.recordedAt;
  if (old > freshMs) return styleText('dim', `(${text}) ${age(old)}`);
  return `${text} ${markOf(found)}`;
}

function markOf(signs: readonly Sign[]): string {
  const change = signs.find((sign) => sign.change)?.change;
  return change === undefined ? ' ' : arrows[change];
}

/** In the largest unit that fits, never negative: a device's clock may be a little ahead of ours. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / second));
  if (seconds < 100) return `${String(seconds)} s`;
  if (seconds < 100 * 60) return `${String(Math.round(seconds / 60))} min`;
  if (seconds < 48 * 3_600) return `${String(Math.round(seconds / 3_600))} h`;
  return `${String(Math.round(seconds / 86_400))} d`;
}
