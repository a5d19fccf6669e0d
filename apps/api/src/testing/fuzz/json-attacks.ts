import { canary } from './hostile-values.js';
import type { Random } from './random.js';

const kib = 1_024;
const inFront = (mark: readonly number[], text: string): Buffer =>
  Buffer.concat([Buffer.from(mark), Buffer.from(text)]);

/** Takes the text of a body that fits, and makes of it what no JSON parser should be fooled by. */
const attacks: readonly ((text: string, random: Random) => string | Buffer)[] = [
  () => '['.repeat(10_000),
  () => '{"a":'.repeat(10_000),
  () => `{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}`,
  () => `{"${'k'.repeat(1_000 * kib)}":"${canary}"}`,
  () => `{"a":[${'1,'.repeat(400 * kib)}1]}`,
  (text) => text.replace('{', `{"__proto__":{"role":"super_admin"},`),
  (text) => text.replace('{', `{"constructor":{"prototype":{"role":"super_admin"}},`),
  (text) => text.replace('{', `{"\\u005f_proto__":{"x":1},`),
  (text) => text.replace(/("[^"]+"):/, '$1:null,$1:'),
  (text) =>
    text.replace(/"(\w)(\w*)":/, (_, first: string, rest: string) => {
      const disguised = `\\u${first.charCodeAt(0).toString(16).padStart(4, '0')}`;
      return `"${disguised}${rest}":null,"${first}${rest}":`;
    }),
  (text) => inFront([0xef, 0xbb, 0xbf], text),
  (text) => Buffer.from(text, 'utf16le'),
  (text) => inFront([0xff, 0xfe], Buffer.from(text, 'utf16le').toString('latin1')),
  (text) => `${text}${text}`,
  (text) => `${text}garbage`,
  (text) => `${text},`,
  (text) => `/*${canary}*/${text}`,
  (text, random) => text.slice(0, random.below(text.length)),
  (text, random) => text.slice(0, random.below(text.length)),
  (text) => text.replaceAll('"', "'"),
  (text) => text.replace(/:"[^"]*"/, ':"\\u0000"'),
  (text) => text.replace(/:"[^"]*"/, ':"\\ud800"'),
  (text) => text.replace(/:("[^"]*"|\w+)/, ':1e309'),
  (text) => text.replace(/:("[^"]*"|\w+)/, `:${'9'.repeat(30)}`),
  (text) => text.replace(/:("[^"]*"|\w+)/, ':NaN'),
  (text) => text.replace(/:"[^"]*"/, ':"\n"'),
  (text, random) => {
    const bytes = Buffer.from(text);
    if (bytes.length > 0) bytes[random.below(bytes.length)] = 0x80 + random.below(0x80);
    return bytes;
  },
  () => '',
  () => ' ',
  () => 'null',
  () => '[]',
  () => '0',
  () => `"${canary}"`,
  () => '\u0000',
];

export const jsonAttack = (text: string, random: Random): string | Buffer => random.pick(attacks)(text, random);
