import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { define } from '../../src/commands/config.js';
import { loadConfig } from '../../src/config/load.js';
import { settings } from '../../src/config/schema.js';

afterEach(() => {
  vi.restoreAllMocks();
});

async function output(...argv: string[]): Promise<string> {
  const written: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation(chunk => written.push(String(chunk)) > 0);
  const command = new Command().exitOverride();
  define(command);
  await command.parseAsync(argv, { from: 'user' });
  vi.restoreAllMocks();
  return written.join('');
}

it('prints every setting with its meaning and range, as YAML that holds the defaults', async () => {
  const shown = await output();
  for (const setting of settings.values()) {
    expect(shown).toContain(`# ${setting.meaning}\n`);
    expect(shown).toContain(`# (${setting.expected})\n`);
  }
  expect(parse(shown)).toEqual((await loadConfig({})).config);
});

it('prints what the options and files resolve to, and where it comes from', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'panx-config-'));
  try {
    const file = join(folder, 'mine.yaml');
    await writeFile(file, 'training: {epochs: 1}\n');
    const shown = await output('--config', file, '--set', 'training.langs=[en, tr]', '--dropout', '0.2');
    expect(shown).toContain(`\n  epochs: 1  # from ${file}; default 3\n`);
    expect(shown).toContain('\n  langs: [en, tr]  # from --set training.langs=[en, tr]; default [en]\n');
    expect(shown).toContain('\n  dropout: 0.2  # from --dropout; default null\n');
    const saved = join(folder, 'saved.yaml');
    await writeFile(saved, shown);
    const { config } = await loadConfig({ file: saved });
    expect(config.training).toMatchObject({ epochs: 1, langs: ['en', 'tr'], dropout: 0.2, batchSize: 32 });
  } finally {
    await rm(folder, { recursive: true });
  }
});

it('prints the page of the manual, docs/configuration.md, as it stands there', async () => {
  const page = await readFile(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
  expect(await output('--markdown'), 'run: panx config --markdown > docs/configuration.md').toBe(page);
});
