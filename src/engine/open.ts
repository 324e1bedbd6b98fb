import type { Config } from '../config/schema.js';
import { notice } from '../system/console.js';
import type { Profile } from '../system/profile.js';
import { type Engine, loadEngine } from './engine.js';
import { watchOperations } from './operation-times.js';
import { type Precision, resolvePrecision } from './precision.js';

/** What a computation asks of the engine. */
type EngineSettings = Pick<Config, 'backend' | 'precision'>;

/**
 * Load the engine for some settings, and say what the user should know about it: why it is not the one that `auto` would have taken, and
 * that it is slower in the precision that was asked for.
 *
 * @param profile takes the times of its operations
 * @throws PanxError as `loadEngine` and `resolvePrecision` do
 */
export async function openEngine(
  settings: EngineSettings,
  profile: Profile | null = null,
): Promise<Engine & { precision: Precision }> {
  const engine = await loadEngine(settings.backend);
  if (engine.why !== null) notice(engine.why);
  if (profile !== null) watchOperations(engine, profile);
  const { precision, note } = resolvePrecision(settings.precision, engine);
  if (note !== null) notice(note);
  return { ...engine, precision };
}

/**
 * The same without a word, for who only wants to know what will compute, and that it can: where it cannot be loaded, that is told before a
 * run directory is made. With the precision that `auto` stands for here, saved settings repeat the run anywhere, and what was begun in one
 * precision is not gone on with in another.
 *
 * @throws PanxError as `openEngine` does
 */
export async function resolveEngine(settings: EngineSettings): Promise<Engine & { precision: Precision }> {
  const engine = await loadEngine(settings.backend);
  return { ...engine, precision: resolvePrecision(settings.precision, engine).precision };
}
