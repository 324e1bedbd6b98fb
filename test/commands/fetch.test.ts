import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest';
import { define } from '../../src/commands/fetch.js';
import { useHub } from '../hub/fixtures.js';
import { expectDocument } from '../schemas.js';

describe('panx fetch', () => {
  const test = useHub();
  let stdout: MockInstance;
  let stderr: MockInstance;
  beforeEach(() => {
    stdout = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  });
  afterEach(() => vi.restoreAllMocks());

  /** What a command line prints on stdout. */
  async function run(...args: string[]): Promise<string> {
    stdout.mockClear();
    const command = new Command('fetch').exitOverride();
    define(command);
    await command.parseAsync(args, { from: 'user' });
    return stdout.mock.calls.map(([chunk]) => String(chunk)).join('');
  }
  const ids = ['--model', 'org/model', '--data', 'org/data'];

  it('brings model and data, says what and where, and says the second time that all is there', async () => {
    const data = `${test.home}/hub/datasets--org--data/snapshots/${'b'.repeat(40)}`;
    const model = `${test.home}/hub/models--org--model/snapshots/${'a'.repeat(40)}`;
    const first = await run('--langs', 'tr', '--splits', 'validation, test', ...ids);
    expect(first.replace(/in [\d.]+ s/, 'in N s')).toBe(
      [
        'data org/data, main = bbbbbbbbbbbb',
        `  in ${data}`,
        '  PAN-X.tr/validation-00000-of-00001.parquet     1.0 kB  fetched',
        '  PAN-X.tr/test-00000-of-00001.parquet           1.0 kB  fetched',
        'model org/model, main = aaaaaaaaaaaa',
        `  in ${model}`,
        '  config.json                 30 B  fetched',
        '  tokenizer.json              14 B  fetched',
        '  tokenizer_config.json        3 B  fetched',
        '  model.safetensors       300.0 kB  fetched',
        'Fetched 6 files, 302.1 kB, in N s.',
        '',
      ].join('\n'),
    );
    const second = await run('--langs', 'tr', '--splits', 'validation,test', ...ids);
    expect(second).toContain('  model.safetensors       300.0 kB  there already\n');
    expect(second).toMatch(/All is there already: 6 files, 302\.1 kB\.\n$/);
    expect(await run('--langs', 'en,tr', '--splits', 'test', ...ids)).toMatch(
      /Fetched 1 file, 1\.0 kB, in [\d.]+ s; 5 files there already\.\n$/,
    );
    const told = await run('--langs', 'en,tr', '--splits', 'test', ...ids, '--json');
    expect(expectDocument('fetch', told)).toMatchObject({
      repositories: [
        { type: 'dataset', name: 'org/data', folder: data, current: true, files: [{ fetched: false }, {}] },
        { type: 'model', name: 'org/model', commit: 'a'.repeat(40) },
      ],
    });
  });

  it('shows progress on stderr', async () => {
    await run('--no-data', '--model', 'org/model');
    expect(stderr.mock.calls.map(([chunk]) => String(chunk)).join('')).toContain(
      'org/model: model.safetensors: 300.0 kB, checked\n',
    );
  });

  it('brings the model alone, the data alone, and nothing of a folder', async () => {
    expect(await run('--no-data', '--model', 'org/model')).not.toContain('org/data');
    expect(await run('--no-model', '--langs', 'de', '--data', 'org/data')).not.toContain('org/model');
    expect(await run('--langs', 'de', '--data', test.home, '--no-model')).toBe('');
    expect(stderr).toHaveBeenCalledWith(`data ${test.home} is a folder on this machine: nothing to bring\n`);
  });

  it('says where the hub could not be asked for a newer commit', async () => {
    await run('--no-data', '--model', 'org/model');
    await test.hub.close();
    expect(await run('--no-data', '--model', 'org/model')).toContain(
      'model org/model, main = aaaaaaaaaaaa, as last fetched: the hub cannot be reached to ask for a newer one\n',
    );
  });

  it.each([
    [[], 'No languages are given for the data.'],
    [['--langs', 'en,,tr'], '--langs is "en,,tr", which has an empty part; expected names with commas between.'],
    [['--langs', 'en', '--splits', 'tset'], '--splits has "tset"; did you mean "test"?'],
    [['--langs', 'en', '--splits', 'dev'], '--splits has "dev"'],
    [['--langs', 'EN!'], '--langs has "EN!"; expected a language code such as tr.'],
    [['--langs', 'en', '--model', './none'], '--model ./none: there is no such folder'],
  ])('refuses %j before bringing anything', async (args, message) => {
    await expect(run(...args)).rejects.toThrow(message);
    expect(test.hub.requests).toEqual([]);
  });
});
