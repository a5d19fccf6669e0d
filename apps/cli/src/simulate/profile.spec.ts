import { courseOf, utcOffsetMinutes } from './profile.js';

describe('who is simulated', () => {
  it('knows what a time zone adds to UTC, summer time included', () => {
    const winter = Date.UTC(2026, 0, 5);
    const summer = Date.UTC(2026, 6, 5);
    expect(utcOffsetMinutes('Europe/Dublin', winter)).toBe(0);
    expect(utcOffsetMinutes('Europe/Dublin', summer)).toBe(60);
    expect(utcOffsetMinutes('Asia/Kolkata', winter)).toBe(330);
    expect(utcOffsetMinutes('America/St_Johns', winter)).toBe(-210);
  });

  it('lets a few of 24 patients deteriorate, each in another way', () => {
    const ill = Array.from({ length: 24 }, (_, i) => courseOf(i)).filter((course) => course !== 'stable');
    expect(ill).toEqual(['sepsis', 'hypoxia', 'bleeding', 'sepsis']);
  });
});
