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
 * A configuration whose precision is decided: `auto` becomes what it is on this machine. So the saved settings repeat the run
 * anywhere, and what was begun in one precision is not gone on with in another. The engine is loaded in any case: where it cannot be, that is
 * told before a run directory is made.
 *
 * @throws PanxError as `openEngine` does
 */
export async function withPrecision<Settings extends EngineSettings>(config: Settings): Promise<Settings> {
  const engine = await loadEngine(config.backend);
  return { ...config, precision: resolvePrecision(config.precision, engine).precision };
}
