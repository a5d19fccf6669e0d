import { describe, expect, it } from '@jest/globals';
import { assertFollows } from './note.policy.js';
import type { NoteRelation } from './note.terms.js';

const note = (relation: NoteRelation | undefined, parentId: string | undefined) => () => {
  assertFollows({
    kind: 'progress',
    text: 'x',
    ...(relation === undefined ? {} : { relation }),
    ...(parentId === undefined ? {} : { parentId }),
  });
};

describe('a note', () => {
  it.each([undefined, 'original'] as const)('that is %s follows nothing', (relation) => {
    expect(note(relation, undefined)).not.toThrow();
    expect(note(relation, 'another')).toThrow('request.invalid');
  });

  it.each(['revision', 'addendum'] as const)('that is a %s follows another', (relation) => {
    expect(note(relation, 'another')).not.toThrow();
    expect(note(relation, undefined)).toThrow('request.invalid');
  });
});
