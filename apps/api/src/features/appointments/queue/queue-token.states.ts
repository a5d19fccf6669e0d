export const tokenStatuses = ['waiting', 'called', 'done', 'left'] as const;
export type TokenStatus = (typeof tokenStatuses)[number];

/** Total; the database holds it too (guard_queue_token). Who does not come when called may wait again. */
export const tokenMoves: Readonly<Record<TokenStatus, readonly TokenStatus[]>> = {
  waiting: ['called', 'done', 'left'],
  called: ['waiting', 'done', 'left'],
  done: [],
  left: [],
};
