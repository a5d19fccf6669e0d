import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { plainToInstance } from 'class-transformer';
import { IsOptional, validateSync } from 'class-validator';
import { IfPresent, IsFlag, IsId, IsLine, IsText } from './fields.js';

class Dto {
  @IsOptional()
  @IsLine(5)
  line?: string | null;

  @IfPresent()
  @IsLine(5, { each: true })
  lines?: string[];

  @IfPresent()
  @IsText(7)
  text?: string;

  @IsOptional()
  @IsFlag()
  flag?: boolean;

  @IfPresent()
  @IsId()
  id?: string;
}

const read = (body: object): unknown => {
  const dto = plainToInstance(Dto, body);
  const [problem] = validateSync(dto);
  if (problem) return `${problem.property}: ${Object.keys(problem.constraints ?? {}).join()}`;
  return Object.fromEntries(Object.entries(dto).filter(([, value]) => value !== undefined));
};

describe('a field of a body or query', () => {
  it.each([
    [{ line: '  a \t b ' }, { line: 'a b' }],
    [{ line: 'e\u0301' }, { line: 'é' }],
    [{ line: '👩👩👩👩👩' }, { line: '👩👩👩👩👩' }],
    [{ line: null }, { line: null }],
    [{ line: ' ' }, 'line: isLine'],
    [{ line: 'abcdef' }, 'line: isLine'],
    [{ line: 'a\nb' }, 'line: isLine'],
    [{ text: ' a\r\nb\r\tc\n' }, { text: 'a\nb\n\tc' }],
    [{ text: 'e\u0301' }, { text: 'é' }],
    [{ text: '\n \n' }, 'text: isText'],
    [{ text: '12345678' }, 'text: isText'],
    [{ text: 'a\u0007b' }, 'text: isText'],
    [{ text: 7 }, 'text: isText'],
    [{ line: 'a\0' }, 'line: isLine'],
    [{ line: 7 }, 'line: isLine'],
    [{ lines: [' a ', 'b'] }, { lines: ['a', 'b'] }],
    [{ lines: ['a', ''] }, 'lines: isLine'],
    [{ lines: null }, 'lines: isLine'],
    [{ flag: 'true' }, { flag: true }],
    [{ flag: 'false' }, { flag: false }],
    [{ flag: 'yes' }, 'flag: isBoolean'],
    [{ flag: 'constructor' }, 'flag: isBoolean'],
    [{ id: '01900000-0000-7000-8000-00000000000A' }, { id: '01900000-0000-7000-8000-00000000000a' }],
    [{ id: '01900000' }, 'id: isId'],
    [{ id: null }, 'id: isId'],
  ])('given as %j is %j', (body, expected) => {
    expect(read(body)).toEqual(expected);
  });
});
