import { run as servers } from './servers.mjs';

export const run = servers;
