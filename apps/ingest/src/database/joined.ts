interface Waiting<T> {
  readonly one: T;
  readonly done: (work: Promise<void>) => void;
}

/** Writes that come while one is under way are made together by the next. */
export class Joined<T> {
  #waiting: Waiting<T>[] = [];
  #underway = false;

  constructor(private readonly write: (all: readonly T[]) => Promise<void>) {}

  /** Ends when it is written, and fails with what it was written with. */
  add(one: T): Promise<void> {
    return new Promise((done) => {
      this.#waiting.push({ one, done });
      if (!this.#underway) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#underway = true;
    while (this.#waiting.length > 0) {
      const waiting = this.#waiting;
      this.#waiting = [];
      const work = this.write(waiting.map(({ one }) => one));
      for (const { done } of waiting) done(work);
      await work.catch(() => undefined);
    }
    this.#underway = false;
  }
}
