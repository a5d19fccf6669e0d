import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { permissions, permissionTable, type Role, roles } from './permissions.js';

const document = readFileSync(new URL('../../../docs/roles.md', import.meta.url), 'utf8');

const mark = (held: readonly Role[]) => roles.map((role) => (held.includes(role) ? ' ● |' : ' |')).join('');
const table = [
  `| permission | ${roles.map((role) => `\`${role}\``).join(' | ')} |`,
  `|---|${roles.map(() => ':-:|').join('')}`,
  ...permissions.map((permission) => `| \`${permission}\` |${mark(permissionTable[permission])}`),
];

describe('docs/roles.md', () => {
  it('says of each role what it may do', () => {
    expect(document.split('\n').filter((line) => /^\| (permission|`\w|-)|^\|---\|:/.test(line))).toEqual(table);
  });
});
