export const metricsRegistry = Symbol('metrics registry');
export const rootLogger = Symbol('logger');
