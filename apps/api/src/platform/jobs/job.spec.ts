import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { JobRegistry, type Job } from './job.js';

const job = (name: string): Job => ({
  name,
  data: z.object({}),
  attempts: 1,
  backoffMs: 1,
  run: () => Promise.resolve(),
});

describe('the jobs of a process', () => {
  it('are found by their names', () => {
    const registry = new JobRegistry([job('a'), job('b')]);
    expect(registry.find('b')?.name).toBe('b');
    expect(registry.find('c')).toBeUndefined();
    expect(registry.all.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  it('never share a name', () => {
    expect(() => new JobRegistry([job('a'), job('a')])).toThrow('same name');
  });
});
