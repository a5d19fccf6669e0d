import { PushQueue } from '../../dist/sync/push/push-queue.js';

/** The service that forgets changes which are committed and not relayed yet, when it looks for those since a pull. */
const forgetful = (tx) =>
  new Proxy(tx, {
    apply: (target, self, [texts, ...values]) =>
      texts[0]?.includes('sync.changed_since')
        ? target`select exists (select from sync.feed where hospital_id = ${values[0]} and pos > ${values[1]}::bigint
                                   and ${values[2]}::text like '%' || row_id || '%') as changed`
        : Reflect.apply(target, self, [texts, ...values]),
  });
const push = PushQueue.prototype.push;
PushQueue.prototype.push = function (request) {
  const { unnumbered } = request;
  if (!unnumbered) return push.call(this, request);
  const compose = (tx, first) => unnumbered.compose(forgetful(tx), first);
  return push.call(this, { ...request, unnumbered: { ...unnumbered, compose } });
};
await import('../../dist/main.js');
