import { type VitalValue, type vitalSigns } from '@hms/contracts';
import { ageBaseline, courseEffect, type Course } from './courses.js';
import { Random } from './random.js';

/** Key of a vital sign in a telemetry reading. */
export type WireKey = (typeof vitalSigns)[number]['wire'];
/** What a bedside monitor reports at one moment; a sign that was not measured is absent. */
export type Reading = Partial<Record<WireKey, VitalValue>>;

export interface PatientProfile {
  readonly ageYears: number;
  readonly course: Course;
  /** What to add to UTC for the patient's local time, which the daily rhythm follows. */
  readonly utcOffsetMinutes: number;
  /** From well, through the worst, to well again. */
  readonly cycleMinutes: number;
  /** How often the cuff inflates; consciousness and oxygen are charted with it. */
  readonly pressureEveryMinutes: number;
  /** Movement, loose electrodes and slipped probes. */
  readonly artefacts: boolean;
}

const minute = 60_000;
const hour = 60 * minute;

/** A value that wanders around zero with standard deviation 1 and forgets itself after about `memoryMs`. */
class Drift {
  #value: number;

  constructor(
    private readonly random: Random,
    private readonly memoryMs: number,
  ) {
    this.#value = random.normal();
  }

  advance(elapsedMs: number): number {
    const kept = Math.exp(-elapsedMs / this.memoryMs);
    this.#value = kept * this.#value + Math.sqrt(1 - kept * kept) * this.random.normal();
    return this.#value;
  }
}

type Disturbance = 'movement' | 'electrodes-off' | 'probe-off';

/**
 * One patient's body and monitor. It has no clock and does no I/O: the same profile, name and sequence of times give the
 * same readings.
 */
export class SimulatedPatient {
  readonly #random: Random;
  readonly #self: { hr: number; rr: number; systolic: number; temp: number; spo2: number };
  readonly #phase: number;
  readonly #worst: number;
  readonly #arousal: Drift;
  readonly #own: Readonly<Record<'hr' | 'rr' | 'systolic' | 'spo2' | 'temp', Drift>>;
  #last: number | undefined;
  #disturbance: { kind: Disturbance; until: number } | undefined;

  constructor(
    private readonly profile: PatientProfile,
    name: string,
  ) {
    const random = (this.#random = new Random(name));
    const base = ageBaseline(profile.ageYears);
    this.#self = {
      hr: base.hr * (1 + 0.07 * clamp(random.normal(), -1.5, 1.5)),
      rr: base.rr * (1 + 0.06 * clamp(random.normal(), -1.5, 1.5)),
      systolic: base.systolic * (1 + 0.06 * clamp(random.normal(), -1.5, 1.5)),
      temp: 36.8 + 0.15 * clamp(random.normal(), -1.5, 1.5),
      spo2: (profile.ageYears > 65 ? 96.4 : 97.6) + 0.5 * clamp(random.normal(), -1.5, 1.5),
    };
    this.#phase = random.next();
    this.#worst = random.between(0.75, 1);
    this.#arousal = new Drift(random, 3 * minute);
    this.#own = {
      hr: new Drift(random, 20_000),
      rr: new Drift(random, 30_000),
      systolic: new Drift(random, 8 * minute),
      spo2: new Drift(random, 25_000),
      temp: new Drift(random, 30 * minute),
    };
  }

  /** How ill the patient is at a time, from 0 (well) to 1. */
  severity(at: number): number {
    if (this.profile.course === 'stable') return 0;
    const cycle = (at / (this.profile.cycleMinutes * minute) + this.#phase) % 1;
    return this.#worst * (smoothStep((cycle - 0.1) / 0.4) - smoothStep((cycle - 0.6) / 0.3));
  }

  /** @param at milliseconds since the epoch, later than the time before */
  read(at: number): Reading {
    const elapsed = this.#last === undefined ? 0 : at - this.#last;
    const reading = this.#monitor(at, elapsed);
    if (this.profile.artefacts) this.#disturb(reading, at, elapsed);
    this.#last = at;
    return reading;
  }

  #monitor(at: number, elapsed: number): Reading {
    const { ageYears, course } = this.profile;
    const severity = this.severity(at);
    const ill = courseEffect(course, severity);
    const day = this.#dailyRhythm(at);
    const arousal = this.#arousal.advance(elapsed);
    const own = {
      hr: this.#own.hr.advance(elapsed),
      rr: this.#own.rr.advance(elapsed),
      systolic: this.#own.systolic.advance(elapsed),
      spo2: this.#own.spo2.advance(elapsed),
      temp: this.#own.temp.advance(elapsed),
    };
    const self = this.#self;
    const hr = self.hr * (1 + 0.05 * day + 0.03 * arousal) * ill.hr + 1.4 * own.hr;
    const rr = self.rr * (1 + 0.03 * day + 0.04 * arousal) * ill.rr + 0.6 * own.rr;
    const spo2 = self.spo2 + ill.spo2 - 0.2 * arousal + 0.5 * own.spo2;
    const heartRate = whole(hr, 30, ageYears < 1 ? 230 : 205);
    return {
      hr: heartRate,
      pr: heartRate,
      rr: whole(rr, 5, 70),
      spo2: whole(spo2, 65, 100),
      ...(this.#due(at, minute) ? { temp: tenth(self.temp + 0.3 * day + 0.05 * own.temp + ill.temp, 34, 41.5) } : {}),
      ...(this.#due(at, this.profile.pressureEveryMinutes * minute)
        ? this.#charted(self.systolic * (1 + 0.04 * day + 0.025 * arousal) * ill.systolic + 3 * own.systolic, severity)
        : {}),
    };
  }

  #charted(rawSystolic: number, severity: number): Reading {
    const { course, ageYears } = this.profile;
    const sys = whole(rawSystolic, 45, 230);
    const dia = whole(sys * (ageYears < 12 ? 0.6 : 0.64), 25, 130);
    const oxygen = course === 'hypoxia' && severity > 0.35;
    return {
      sys,
      dia,
      map: Math.round(dia + (sys - dia) / 3),
      acvpu: severity > 0.9 ? 'V' : severity > 0.75 && course === 'sepsis' ? 'C' : 'A',
      o2: oxygen,
      fio2: oxygen ? whole(24 + 26 * severity, 24, 60) : 21,
    };
  }

  /** From -1 at half past four at night to 1 in the late afternoon. */
  #dailyRhythm(at: number): number {
    const localHour = ((at + this.profile.utcOffsetMinutes * minute) / hour) % 24;
    return Math.cos((2 * Math.PI * (localHour - 16.5)) / 24);
  }

  /** Whether a measurement made every so often falls between the last reading and this one. */
  #due(at: number, everyMs: number): boolean {
    if (this.#last === undefined) return true;
    const offset = this.#phase * everyMs;
    return Math.floor((at + offset) / everyMs) !== Math.floor((this.#last + offset) / everyMs);
  }

  #disturb(reading: Reading, at: number, elapsed: number): void {
    if (this.#disturbance === undefined || at >= this.#disturbance.until) this.#disturbance = this.#mishap(at, elapsed);
    switch (this.#disturbance?.kind) {
      case 'movement':
        reading.spo2 = Math.max(60, Number(reading.spo2) - this.#random.integer(6, 18));
        reading.hr = Math.min(230, Number(reading.hr) + this.#random.integer(15, 45));
        break;
      case 'electrodes-off':
        delete reading.hr;
        delete reading.rr;
        break;
      case 'probe-off':
        delete reading.spo2;
        delete reading.pr;
        break;
      case undefined:
    }
  }

  /** About three an hour, most of them a few seconds of movement. */
  #mishap(at: number, elapsed: number): { kind: Disturbance; until: number } | undefined {
    if (!this.#random.chance(1 - Math.exp((-3 * elapsed) / hour))) return undefined;
    const kind = this.#random.pick<Disturbance>(['movement', 'movement', 'movement', 'electrodes-off', 'probe-off']);
    const seconds = kind === 'movement' ? this.#random.between(3, 9) : this.#random.between(10, 30);
    return { kind, until: at + seconds * 1_000 };
  }
}

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));
const whole = (value: number, low: number, high: number): number => Math.round(clamp(value, low, high));
const tenth = (value: number, low: number, high: number): number => Math.round(clamp(value, low, high) * 10) / 10;

function smoothStep(x: number): number {
  const t = clamp(x, 0, 1);
  return t * t * (3 - 2 * t);
}
