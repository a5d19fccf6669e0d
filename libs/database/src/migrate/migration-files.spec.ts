import { type MigrationFile, mismatch } from './migration-files.js';

const file = (name: string, checksum = name): MigrationFile => ({ name, path: `/${name}.sql`, sql: '', checksum });
const applied = (...names: string[]): Map<string, string> => new Map(names.map((name) => [name, name]));

describe('applied migrations', () => {
  const files = [file('0001_a'), file('0002_b'), file('0003_c')];

  it.each([[[]], [['0001_a']], [['0001_a', '0002_b', '0003_c']]])('may be the first of the files: %j', (names) => {
    expect(mismatch(files, applied(...names))).toBeUndefined();
  });

  it('must not have been edited', () => {
    expect(mismatch([file('0001_a', 'other')], applied('0001_a'))).toContain('0001_a was edited');
  });

  it('must all be known, as after going back to an older release', () => {
    expect(mismatch([file('0001_a')], applied('0001_a', '0002_b'))).toContain('0002_b was applied but is not');
  });

  it('must not be overtaken by a file with a lower number', () => {
    expect(mismatch(files, applied('0001_a', '0003_c'))).toContain('0002_b comes before');
  });
});
