import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { getMetadataStorage } from 'class-validator';
import './app.module.js';

/*
 * Generated from what class-validator knows of every DTO the application has: a new field is covered without anybody
 * remembering. A validator that is not listed here bounds nothing until somebody says so.
 */

/** As class-validator keeps it, which says nothing of its type. */
type Stored = ReadonlyMap<{ readonly name: string }, readonly StoredRule[]>;
interface StoredRule {
  readonly name?: string;
  readonly type: string;
  readonly each: boolean;
  readonly constraints?: readonly unknown[];
  readonly propertyName: string;
}

interface Rule {
  readonly name: string;
  readonly each: boolean;
  readonly constraints: readonly unknown[];
}

/** Values of few kinds or of a fixed length. */
const bounding = new Set([
  'isIn',
  'isEnum',
  'isUuid',
  'isId',
  'isBoolean',
  'isDate',
  'isPartialDate',
  'isCalendarDay',
  'isDayOrInstant',
  'isZone',
  'isLine',
  'isText',
  'isChartedValue',
  'maxLength',
  'isLength',
]);

function fieldsOfEveryDto(): Map<string, Rule[]> {
  const fields = new Map<string, Rule[]>();
  for (const [target, rules] of getMetadataStorage()['validationMetadatas'] as Stored) {
    for (const { name, type, each, constraints = [], propertyName } of rules) {
      const field = `${target.name}.${propertyName}`;
      const known = fields.get(field) ?? [];
      fields.set(field, [...known, { name: name ?? type, each, constraints }]);
    }
  }
  return fields;
}

const patternsOf = (rules: readonly Rule[]): RegExp[] =>
  rules.flatMap(({ name, constraints: [pattern] }) =>
    name === 'matches' && pattern instanceof RegExp ? [pattern] : [],
  );

/** Whether a pattern is anchored and repeats nothing without end. */
function endsSomewhere({ source }: RegExp): boolean {
  const outsideOfClasses = source
    .replace(/\\./g, 'x')
    .replace(/\[[^\]]*\]/g, 'x')
    .replace(/\(\?=.*?\)\)?/g, '');
  return /^\^.*\$$/.test(source) && !/[*+]|\{\d+,\}/.test(outsideOfClasses);
}

function gapsOf(rules: readonly Rule[]): string[] {
  const has = (name: string): boolean => rules.some((rule) => rule.name === name);
  const isMany = rules.some((rule) => rule.each || rule.name === 'isArray');
  const isNumber = has('isInt') || has('isNumber');
  const isBounded =
    rules.some(({ name }) => bounding.has(name)) ||
    patternsOf(rules).some(endsSomewhere) ||
    has('nestedValidation') ||
    (isNumber && has('min') && has('max'));
  return [...(isBounded ? [] : ['its size']), ...(isMany && !has('arrayMaxSize') ? ['how many there are'] : [])];
}

describe('every field of every DTO', () => {
  const fields = fieldsOfEveryDto();

  it('is looked at', () => {
    expect(fields.size).toBeGreaterThan(60);
    expect(fields.get('LoginDto.password')).toBeDefined();
  });

  it('limits how large and how many its values may be', () => {
    const open = [...fields].flatMap(([field, rules]) => gapsOf(rules).map((gap) => `${field} does not limit ${gap}`));
    expect(open).toEqual([]);
  });

  it('is checked in linear time: no pattern takes more than 10 ms for 50,000 hostile characters', () => {
    const size = 50_000;
    const fillers = ['a', 'A', '1', '-', '.', ' ', '0.', 'a-', 'aA1', '-1', '@a.', '()', '+1', '\u{1f600}'];
    const hostile = fillers.flatMap((filler) => {
      const text = filler.repeat(size / filler.length);
      return [text, `${text}!`, `!${text}`, `+${text}`];
    });
    const slow = [...fields].flatMap(([field, rules]) =>
      patternsOf(rules).flatMap((pattern) => {
        const slowest = Math.max(...hostile.map((text) => millisecondsOf(() => void pattern.test(text))));
        return slowest > 10 ? [`${field}: ${slowest.toFixed(1)} ms`] : [];
      }),
    );
    expect(slow).toEqual([]);
  });
});

describe('the check itself', () => {
  const rule = (name: string, constraints: unknown[] = [], each = false): Rule => ({ name, constraints, each });

  it.each<[string, Rule[]]>([
    ['text without a length', [rule('isString')]],
    ['a number without an end', [rule('isInt'), rule('min', [1])]],
    ['a list without an end', [rule('isArray'), rule('isLine', [10], true)]],
    ['a pattern that repeats without an end', [rule('matches', [/^[a-z]+$/])]],
    ['a pattern without anchors', [rule('matches', [/[a-z]{1,3}/])]],
  ])('finds %s', (_, rules) => {
    expect(gapsOf(rules)).not.toEqual([]);
  });
});

/** The best of three: what counts is the pattern, not what else the machine does. */
function millisecondsOf(work: () => void): number {
  const times = Array.from({ length: 3 }, () => {
    const begun = performance.now();
    work();
    return performance.now() - begun;
  });
  return Math.min(...times);
}
