import type { Config } from '../config/schema.js';
import { loadEngine } from '../engine/engine.js';
import { resolvePrecision } from '../engine/precision.js';

/**
 * A configuration whose precision is decided: `auto` becomes what it is on this machine. So the saved settings repeat the run
 * anywhere, and what was begun in one precision is not gone on with in another.
 */
export async function withPrecision(config: Config): Promise<Config> {
  if (config.precision !== 'auto') return config;
  return { ...config, precision: resolvePrecision('auto', await loadEngine(config.backend)).precision };
}
