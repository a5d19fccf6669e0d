/** Readings older than this when they come complete the chart; nobody watches them happen, and they raise no alarm. */
export const lateAfterMs = 10 * 60_000;
