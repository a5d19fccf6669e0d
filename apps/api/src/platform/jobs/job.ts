import type { z } from 'zod';

/** Work done in the background, at least once: doing it twice must do no harm. */
export interface Job<Data extends object = object> {
  /** Kebab case; it stays the same for ever, jobs of before a deployment carry it. */
  readonly name: string;
  readonly data: z.ZodType<Data>;
  /** How often it is tried; the pause before the second try is `backoffMs`, and doubles from try to try. */
  readonly attempts: number;
  readonly backoffMs: number;
  /** Also done when a worker starts and then at this interval, with this data. */
  readonly schedule?: { readonly everyMs: number; readonly data: Data };
  run(data: Data): Promise<void>;
}

/** Every job this process knows, by name. */
export class JobRegistry {
  readonly #jobs: ReadonlyMap<string, Job>;

  /** @throws an Error when two jobs have one name */
  constructor(jobs: readonly Job[]) {
    this.#jobs = new Map(jobs.map((job) => [job.name, job]));
    if (this.#jobs.size !== jobs.length) throw new Error('two jobs have the same name');
  }

  find(name: string): Job | undefined {
    return this.#jobs.get(name);
  }

  get all(): readonly Job[] {
    return [...this.#jobs.values()];
  }
}
