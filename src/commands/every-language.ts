import { everyLanguage } from '../config/kinds.js';
import type { Config } from '../config/schema.js';
import { langsWith } from '../data/shards.js';
import type { SplitName } from '../data/splits.js';
import { PanxError } from '../errors.js';
import { endSplitOf } from '../experiment/row-settings.js';
import { placeOf } from '../hub/resolve.js';

/**
 * The settings with the languages of the data folder, sorted, wherever a list of languages is [all]: those that have the split that the list
 * is of. A run saves the languages themselves, so that it is the same run when the folder has more of them.
 *
 * @throws PanxError where the data are no folder, or none of its languages has the split
 */
export async function withEveryLanguage(config: Config): Promise<Config> {
  const { training, evaluation, study } = config;
  const end = endSplitOf(config);
  return {
    ...config,
    training: {
      ...training,
      langs: await resolved('training.langs', training.langs, config.data, 'train'),
      monitorLangs: await resolved('training.monitorLangs', training.monitorLangs, config.data, 'validation'),
    },
    evaluation: { ...evaluation, langs: await resolved('evaluation.langs', evaluation.langs, config.data, end) },
    study: {
      ...study,
      train: await Promise.all(study.train.map(set => resolved('study.train', set, config.data, 'train'))),
      score: await resolved('study.score', study.score, config.data, end),
      exclude: await Promise.all(
        study.exclude.map(async entry =>
          Object.hasOwn(entry, 'train') ? { ...entry, train: await resolvedSets(entry.train, config.data) } : entry,
        ),
      ),
    },
  };
}

/** A set of languages, or a list of sets. */
async function resolvedSets(value: unknown, data: string): Promise<unknown> {
  if (!Array.isArray(value)) return value;
  if (value.some(Array.isArray)) return await Promise.all(value.map(set => resolvedSets(set, data)));
  return await resolved('study.exclude', value, data, 'train');
}

async function resolved(key: string, langs: string[], data: string, split: SplitName): Promise<string[]> {
  if (langs[0] !== everyLanguage) return langs;
  const place = await placeOf(data, 'dataset');
  if (!('folder' in place)) {
    throw new PanxError(
      `${key} is [all], and the data are ${data} on the hub; expected a folder, whose languages are known.`,
      {
        hint: 'Name the languages, or give the folder in which panx fetch has put them with --data.',
        exitCode: 2,
      },
    );
  }
  const found = await langsWith(place.folder, split);
  if (found.length > 0) return found;
  throw new PanxError(
    `${key} is [all], and no language of ${place.folder} has a ${split} split; expected one or more.`,
    {
      hint: 'Give the folder that holds PAN-X.en, PAN-X.tr, ... with --data.',
    },
  );
}
