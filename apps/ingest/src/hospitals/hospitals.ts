import { Hospital } from './hospital.js';

/** The hospitals this process has met. */
export class Hospitals {
  readonly #byId = new Map<string, Hospital>();

  of(id: string, slug: string): Hospital {
    let hospital = this.#byId.get(id);
    if (!hospital) this.#byId.set(id, (hospital = new Hospital(id, slug)));
    return hospital;
  }

  get(id: string): Hospital | undefined {
    return this.#byId.get(id);
  }
}
