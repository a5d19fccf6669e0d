import { stripVTControlCharacters } from 'node:util';
import { WardBoard, type BoardAlarm } from './ward-board.js';
import { age, wardLine, wardTable } from './ward-table.js';

const start = Date.UTC(2026, 0, 5, 9);
const at = (ms: number): string => new Date(start + ms).toISOString();

function ward(): WardBoard {
  const board = new WardBoard();
  board.setPatients([
    { patientId: 'p1', mrn: '00000001', name: 'Ada Test', bedLabel: 'GEN-01' },
    { patientId: 'p2', mrn: '00000002', name: 'Bo Sample', bedLabel: null },
  ]);
  const values = { heartRate: 72, respiratoryRate: 14, spo2: 97, systolic: 118, diastolic: 76, temperature: 37 };
  board.apply({ patientId: 'p1', recordedAt: at(0), values });
  board.apply({ patientId: 'p1', recordedAt: at(2_000), values: { heartRate: 75 } });
  return board;
}

const table = (now: number): string => stripVTControlCharacters(wardTable(ward().rows(), start + now));

describe('the ward table', () => {
  it('shows who, the values, and how old the newest is', () => {
    const line = table(5_000)
      .split('\n')
      .find((text) => text.includes('Ada Test'));
    for (const part of ['GEN-01', '00000001', '75', '14', '97', '118/76', '37.0', '3 s']) expect(line).toContain(part);
  });

  it('marks a changed value with more than a colour', () => {
    expect(table(5_000)).toContain('75 ▲');
  });

  it('brackets a stale value and gives its age', () => {
    const later = table(60_000);
    expect(later).toContain('(75) 58 s');
    expect(later).toContain('118/76');
    expect(later).not.toContain('(118/76)');
    expect(table(40 * 60_000)).toContain('(118/76) 40 min');
  });

  it('shows dashes for a patient nothing is known of', () => {
    expect(
      table(0)
        .split('\n')
        .find((text) => text.includes('Bo Sample')),
    ).toMatch(/–.*–.*–.*–.*–/);
  });
});

describe('the alarms of a ward', () => {
  const alarm = { patientId: 'p1', rule: 'spo2-low', priority: 'high', acknowledged: false } as const;
  const lineOf = (alarms: readonly BoardAlarm[]): string | undefined => {
    const board = ward();
    board.setAlarms(alarms);
    return stripVTControlCharacters(wardTable(board.rows(), start))
      .split('\n')
      .find((text) => text.includes('Ada Test'));
  };

  it('say how urgent they are without a colour', () => {
    expect(lineOf([alarm])).toContain('!!! spo2-low');
    expect(lineOf([{ ...alarm, priority: 'medium' }])).toMatch(/[^!]!! spo2-low/);
    expect(lineOf([])).not.toContain('!');
  });

  it('say that somebody sees to them', () => {
    expect(lineOf([{ ...alarm, acknowledged: true }])).toContain('!!! spo2-low (seen to)');
  });

  it('are of one patient', () => {
    expect(lineOf([{ ...alarm, patientId: 'p2' }])).not.toContain('spo2-low');
  });
});

describe('the ward as lines', () => {
  it('says the same in one line a patient', () => {
    const [row] = ward().rows();
    expect(wardLine(row!, start + 5_000)).toBe(
      `${at(2_000)}  GEN-01  00000001  Ada Test  HR 75 ▲  RR 14  SpO₂ 97  BP 118/76  Temp 37.0`,
    );
  });
});

describe('an age', () => {
  it.each([
    [-400, '0 s'],
    [1_600, '2 s'],
    [99_000, '99 s'],
    [120_000, '2 min'],
    [7_200_000, '2 h'],
    [260_000_000, '3 d'],
  ])('of %d ms reads %s', (ms, text) => {
    expect(age(ms)).toBe(text);
  });
});
