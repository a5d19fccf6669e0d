import { WardBoard, type BoardRow, type BoardUpdate } from './ward-board.js';

const at = (second: number): string => new Date(Date.UTC(2026, 0, 5, 9, 0, second)).toISOString();
const patient = { patientId: 'p1', mrn: '00000001', name: 'Ada Test', bedLabel: 'GEN-01' };

function board(): { apply: (second: number, values: BoardUpdate['values']) => void; row: () => BoardRow } {
  const ward = new WardBoard();
  ward.setPatients([patient]);
  return {
    apply: (second, values) => ward.apply({ patientId: 'p1', recordedAt: at(second), values }),
    row: () => ward.rows()[0]!,
  };
}

describe('a ward board', () => {
  it('keeps the last value of every sign, though an update brings only some', () => {
    const { apply, row } = board();
    apply(0, { heartRate: 70, systolic: 120, diastolic: 80 });
    apply(2, { heartRate: 71 });
    expect(row().signs.get('systolic')).toMatchObject({ value: 120, recordedAt: Date.parse(at(0)) });
    expect(row().signs.get('heartRate')).toMatchObject({ value: 71, recordedAt: Date.parse(at(2)) });
    expect(row().recordedAt).toBe(Date.parse(at(2)));
  });

  it('says how a value changed, and that it did not', () => {
    const { apply, row } = board();
    apply(0, { heartRate: 70, spo2: 97, acvpu: 'A' });
    expect(row().signs.get('heartRate')?.change).toBeUndefined();
    apply(2, { heartRate: 75, spo2: 97, acvpu: 'V' });
    expect(row().signs.get('heartRate')?.change).toBe('up');
    expect(row().signs.get('spo2')?.change).toBeUndefined();
    expect(row().signs.get('acvpu')?.change).toBe('other');
    apply(4, { heartRate: 60 });
    expect(row().signs.get('heartRate')?.change).toBe('down');
  });

  it('does not let a late reading replace a newer one', () => {
    const { apply, row } = board();
    apply(10, { heartRate: 70 });
    apply(5, { heartRate: 120, spo2: 95 });
    expect(row().signs.get('heartRate')?.value).toBe(70);
    expect(row().signs.get('spo2')?.value).toBe(95);
  });

  it('lists patients nothing is known of yet', () => {
    expect(board().row()).toMatchObject({ patient, recordedAt: undefined });
  });

  it('tells who is not on the list', () => {
    const ward = new WardBoard();
    ward.setPatients([patient]);
    expect(ward.knows('p1')).toBe(true);
    expect(ward.knows('p2')).toBe(false);
  });
});
