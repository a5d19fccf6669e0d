import { describe, expect, it } from '@jest/globals';
import { refusalOf } from './password.policy.js';

const context = {
  email: 'mary.osullivan@st-brigid.example',
  displayName: "Mary O'Sullivan",
  hospitals: ["St Brigid's General Hospital"],
};
const judge = (password: string) => refusalOf(password, context);

describe('the length of a password', () => {
  it('is 8 to 128 characters exactly', () => {
    expect(judge('zq7-Wv2')).toBe('too-short');
    expect(judge('zq7-Wv2x')).toBeUndefined();
    expect(judge('zq7-Wv2x'.repeat(16))).toBeUndefined();
    expect(judge(`${'zq7-Wv2x'.repeat(16)}!`)).toBe('too-long');
  });

  it('counts characters, however many bytes they take', () => {
    expect(judge('🦜🐌🦔🐝🦭🐙🦚')).toBe('too-short');
    expect(judge('🦜🐌🦔🐝🦭🐙🦚🐢')).toBeUndefined();
    expect(judge('🦜'.repeat(128))).toBeUndefined();
    expect(judge('🦜'.repeat(129))).toBe('too-long');
  });
});

describe('a password', () => {
  it.each(['password', 'PASSWORD', '1234567890', 'qwertyuiop', 'iloveyou', 'trustno1'])(
    'that everybody tries first is refused: %s',
    (password) => {
      expect(judge(password)).toBe('common');
    },
  );

  it.each([
    'osullivan1',
    'Mary2026!',
    'mary.osullivan',
    'OSULLIVANmary',
    'stbrigids2026',
    'BRIGID-hospital',
    'hms-2026!',
    'HMShms12345',
  ])('made of what is known of the person is refused: %s', (password) => {
    expect(judge(password)).toBe('predictable');
  });

  it.each([
    'correct horse battery staple',
    'mary likes blue parrots',
    'hms xkcd-9021 qq',
    '        ¿lluvia?',
    'пароль-река',
  ])('needs no certain characters: %s', (password) => {
    expect(judge(password)).toBeUndefined();
  });
});
