import { expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/load.js';
import type { Config, ProtocolName } from '../../../src/config/schema.js';
import { protocolOf } from '../../../src/experiment/protocols/protocol.js';
import type { Stage } from '../../../src/experiment/protocols/stage.js';

const rows = { en: 100, tr: 50, de: 70, fr: 30 };

async function configWith(...assignments: string[]): Promise<Config> {
  return (await loadConfig({ assignments })).config;
}

async function stagesOf(protocol: ProtocolName, ...assignments: string[]): Promise<Stage[]> {
  return protocolOf(protocol).stages(await configWith(...assignments), rows);
}

const shown = (stages: readonly Stage[]) =>
  stages.map(({ id, phase, role, label, samples, startStage }) => [id, phase, role, label, samples, startStage]);

it('mixtures trains a stage on each set of languages, each from the model', async () => {
  const stages = await stagesOf('mixtures', 'study.train=[[de], [de, fr]]');
  expect(shown(stages)).toEqual([
    ['on-de', null, 'set', 'de', 70, null],
    ['on-de_fr', null, 'set', 'de + fr', 100, null],
  ]);
  expect(stages[1]!.config.training.langs).toEqual(['de', 'fr']);
});

it('mixtures takes the sizes that are given, of the languages of a set alone', async () => {
  const stages = await stagesOf(
    'mixtures',
    ...['study.train=[[de], [de, fr]]', 'training.size=20', 'training.sizes={fr: 5}'],
  );
  expect(stages.map(({ samples, config: { training } }) => [samples, training.size, training.sizes])).toEqual([
    [20, 20, {}],
    [25, 20, { fr: 5 }],
  ]);
  await expect(stagesOf('mixtures', 'study.train=[[fr]]', 'training.size=31')).rejects.toThrow(
    'The study asks for 31 rows of fr, but its train split has 30; expected up to 30.',
  );
});

it('reads what it trains on and scores, and scores what it trains on where nothing else is asked for', async () => {
  const mixtures = protocolOf('mixtures');
  const config = await configWith('study.train=[[de], [de, fr]]');
  expect(mixtures.scoredLangs(config)).toEqual(['de', 'fr']);
  const other = await configWith('study.train=[[de]]', 'study.score=[de, it]');
  expect(mixtures.splitsToRead(other)).toEqual([
    ['de', 'train'],
    ['de', 'validation'],
    ['de', 'test'],
    ['it', 'test'],
  ]);
});

it('zero-shot trains on the source, or on each set, and scores the target too', async () => {
  expect(shown(await stagesOf('zero-shot'))).toEqual([['on-en', null, 'source', 'en', 100, null]]);
  const config = await configWith('study.train=[[en], [de, en]]', 'study.target=fr');
  expect(shown(protocolOf('zero-shot').stages(config, rows))).toEqual([
    ['on-en', null, 'source', 'en', 100, null],
    ['on-de_en', null, 'set', 'de + en', 170, null],
  ]);
  expect(protocolOf('zero-shot').scoredLangs(config)).toEqual(['en', 'de', 'fr']);
});

it('gives a set of many languages a short name', async () => {
  const many = Array.from({ length: 30 }, (_, i) => `a${String.fromCharCode(97 + (i % 26))}${i < 26 ? '' : 'x'}`);
  const { config } = await loadConfig({ assignments: [`study.train=[[${many.join(', ')}]]`] });
  const [stage] = protocolOf('mixtures').stages(config, Object.fromEntries(many.map(lang => [lang, 10])));
  expect(stage!.id).toBe('on-30-languages-1');
});

it('refuses mixtures of nothing, and languages that are chosen elsewhere', async () => {
  const check = async (...assignments: string[]) => protocolOf('mixtures').check(await configWith(...assignments));
  await expect(check()).rejects.toThrow(
    'study.train is [], and the protocol mixtures trains on each of its sets; expected one or more.',
  );
  await expect(check('study.train=[[de]]', 'training.langs=[de]')).rejects.toThrow('training.langs is [de]');
  await expect(
    check('study.train=[[de], [de, en]]', 'training.resplit=true', 'training.monitorLangs=[en]'),
  ).rejects.toThrow('training.monitorLangs names en, and a re-split of de holds no rows of it out');
  await check('study.train=[[de], [de, en]]', 'training.resplit=true', 'training.monitorLangs=[de]');
  await expect(check('study.train=[[de]]', 'evaluation.atEnd=false')).rejects.toThrow('evaluation.atEnd is false');
});
