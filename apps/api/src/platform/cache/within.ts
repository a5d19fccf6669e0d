/** The other side did not answer in time. */
export class LateError extends Error {}

/** A timer that fires later than this share of its span shows that this process had no time. */
const lateShare = 0.2;
const renewals = 3;

/**
 * What `work` answers within `ms`. When the timer itself comes late, it was this process that had no time and not the
 * other side: then it waits anew, three times at most. What has arrived meanwhile is read before it counts as late.
 * @throws {@link LateError}
 */
export function within<T>(work: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout;
    const wait = (left: number): void => {
      const due = performance.now() + ms;
      timer = setTimeout(() => {
        if (left > 0 && performance.now() - due > ms * lateShare) wait(left - 1);
        else setImmediate(() => reject(new LateError(`no answer within ${ms} ms`)));
      }, ms);
    };
    wait(renewals);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
