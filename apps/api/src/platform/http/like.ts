/** Text as LIKE takes it literally. */
export const likeLiteral = (text: string): string => text.replace(/[\\%_]/g, '\\$&');
