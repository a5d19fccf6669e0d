/**
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} rows the first cell to the left, the others to the right
 * @returns {string}
 */
export function table(head, rows) {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => (row[i] ?? '').length)));
  const line = (/** @type {readonly string[]} */ cells) =>
    widths.map((width, i) => (i === 0 ? (cells[i] ?? '').padEnd(width) : (cells[i] ?? '').padStart(width))).join('   ');
  return [line(head), widths.map((width) => '─'.repeat(width)).join('   '), ...rows.map(line)].join('\n');
}
