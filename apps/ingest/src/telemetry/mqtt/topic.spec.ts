import { describe, expect, it } from '@jest/globals';
import { parseTopic } from './topic.js';

describe('a topic', () => {
  it('names the hospital and the device, or is that of ThingsBoard', () => {
    expect(parseTopic('v1/st_brigid/mon-12/vitals')).toEqual({ form: 'vitals', slug: 'st_brigid', device: 'mon-12' });
    expect(parseTopic('v1/devices/me/telemetry')).toEqual({ form: 'thingsboard' });
  });

  it.each([
    '',
    'v1',
    'v1/st_brigid/mon-12',
    'v1/st_brigid/mon-12/vitals/x',
    'v2/st_brigid/mon-12/vitals',
    'v1/St/mon-12/vitals',
    'v1/st_brigid/mon 12/vitals',
    `v1/st_brigid/${'m'.repeat(65)}/vitals`,
    'v1/devices/me/attributes',
  ])('of any other form is none: %s', (topic) => {
    expect(parseTopic(topic)).toBeUndefined();
  });
});
