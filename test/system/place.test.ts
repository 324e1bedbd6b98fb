import { mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { beginningOf, placeOfFile, refuseOverlap, throughLink } from '../../src/system/place.js';

let folder: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'panx-place-')));
});
afterEach(() => rm(folder, { recursive: true }));
const at = (...names: string[]) => join(folder, ...names);

describe('throughLink', () => {
  it('gives a path that is no link as it is', async () => {
    expect(await throughLink('results/run')).toBe('results/run');
    expect(await throughLink(at('not', 'there'))).toBe(at('not', 'there'));
  });

  it('follows links, also to what is not there yet', async () => {
    await symlink(at('target'), at('one'));
    await symlink('one', at('two'));
    expect(await throughLink(at('two'))).toBe(at('target'));
    await mkdir(at('target'));
    for (const end of ['/', '//', '/.', '/./']) expect(await throughLink(at('two') + end)).toBe(at('target'));
    expect(await throughLink('/')).toBe('/');
  });

  it('refuses a circle', async () => {
    await symlink(at('b'), at('a'));
    await symlink(at('a'), at('b'));
    await expect(throughLink(at('a'))).rejects.toThrow(/^\S+ is a link that leads in a circle\.$/);
  });
});

describe('refuseOverlap', () => {
  const refusal = (out: string) =>
    refuseOverlap(out, [{ path: at('model'), what: "the model's folder" }]).then(
      () => null,
      (error: Error) => error.message.replaceAll(folder, '').replace(/^--out \S+ /, ''),
    );
  beforeEach(async () => {
    await mkdir(at('model', 'inside'), { recursive: true });
    await mkdir(at('results'));
  });

  it.each([
    ['model', 'is'],
    ['model/', 'is'],
    ['results/../model', 'is'],
    ['model/inside', 'lies inside'],
    ['model/not/yet/there', 'lies inside'],
    ['', 'holds'],
    ['link', 'is'],
    ['link/x', 'lies inside'],
    ['up', 'holds'],
    ['dangling', 'lies inside'],
  ])('%s', async (out, how) => {
    await symlink(at('model'), at('link'));
    await symlink(folder, at('up'));
    await symlink(at('model', 'later'), at('dangling'));
    expect(await refusal(`${folder}/${out}`)).toBe(`${how} the model's folder, /model, which this command reads.`);
  });

  it.each(['results', 'model2', 'results/model', 'mod', 'new/deep'])('%s is beside it', async out => {
    expect(await refusal(at(out))).toBe(null);
  });

  it('follows a link that is read, too', async () => {
    await symlink(at('results'), at('read'));
    await expect(refuseOverlap(at('results', 'x'), [{ path: at('read'), what: 'the run' }])).rejects.toThrow(
      `--out ${at('results', 'x')} lies inside the run, ${at('read')}, which this command reads.`,
    );
  });
});

describe('placeOfFile', () => {
  const kind = {
    what: 'a report of panx',
    isOf: async (path: string) => (await beginningOf(path, 8)) === '{"panx":',
  };
  const place = (path: string) => placeOfFile('--out', path, kind);

  it('takes a new file, an empty one, one of its own, and where a link leads', async () => {
    await writeFile(at('empty'), '');
    await writeFile(at('own'), '{"panx": 1}');
    await symlink(at('own'), at('link'));
    expect(await Promise.all(['new', 'empty', 'own', 'link'].map(name => place(at(name))))).toEqual([
      ...[at('new'), at('empty'), at('own'), at('own')],
    ]);
  });

  it('refuses what it would destroy, and leaves it', async () => {
    await writeFile(at('thesis.tex'), 'years of work');
    await expect(place(at('thesis.tex'))).rejects.toThrow(
      `--out ${at('thesis.tex')} is a file that panx did not write; expected a new file, or a report of panx.`,
    );
    await writeFile(at('short'), '{');
    await expect(place(at('short'))).rejects.toThrow('did not write');
    await expect(place(folder)).rejects.toThrow('is a folder; expected');
    await expect(place('/dev/null')).rejects.toThrow('is no regular file; expected');
    expect(await readFile(at('thesis.tex'), 'utf8')).toBe('years of work');
  });
});
