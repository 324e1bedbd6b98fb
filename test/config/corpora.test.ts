import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeAsYaml } from '../../src/config/describe.js';
import { loadConfig } from '../../src/config/load.js';

const folder = mkdtempSync(join(tmpdir(), 'panx-test-'));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const conll = file(
  'conll.yaml',
  `corpora:
  conll:
    format: conll
    files: {train: "c/{lang}.train", test: [c/a.test, c/b.test]}
    columns: {tags: 4}
  germeval: {format: conll, files: {train: g.tsv}, lang: de}
  notes: {format: jsonl, files: {train: n.jsonl}}
  wiki: {format: panx, files: wikiann}
`,
);

const assign = (...assignments: string[]) => loadConfig({ file: conll, assignments });

describe('the section corpora', () => {
  it('is read, with every default filled in', async () => {
    const { config, origins } = await loadConfig({ file: conll });
    expect(config.corpora.conll).toEqual({
      format: 'conll',
      files: { train: 'c/{lang}.train', test: ['c/a.test', 'c/b.test'] },
      columns: { words: 1, tags: 4 },
      lang: null,
      scheme: 'auto',
      labels: null,
    });
    expect(config.corpora.wiki).toMatchObject({ format: 'panx', files: 'wikiann', columns: {} });
    expect(origins.corpora).toBe(conll);
    expect((await loadConfig({})).config.corpora).toEqual({});
  });

  it('is printed by panx config, and read back from that and from config.json', async () => {
    const loaded = await assign('training.langs=[conll=de, notes]');
    const yaml = file('printed.yaml', describeAsYaml(loaded));
    expect((await loadConfig({ file: yaml })).config).toEqual(loaded.config);
    const json = file('config.json', JSON.stringify(loaded.config));
    expect((await loadConfig({ file: json })).config).toEqual(loaded.config);
  });

  it('is joined with what is given later: another corpus, another key, another split', async () => {
    const above = file(
      'above.yaml',
      'extends: conll.yaml\ncorpora:\n  conll: {files: {validation: v, train: t}, scheme: IOB1}\n  more: {format: conll, files: {train: m}}\n',
    );
    const { config } = await loadConfig({
      file: above,
      assignments: ['corpora.conll.lang=nl', 'corpora.conll.columns.words=2'],
    });
    expect(Object.keys(config.corpora)).toEqual(['conll', 'germeval', 'notes', 'wiki', 'more']);
    expect(config.corpora.conll).toMatchObject({
      files: { train: 't', validation: 'v', test: ['c/a.test', 'c/b.test'] },
      columns: { words: 2, tags: 4 },
      scheme: 'IOB1',
      lang: 'nl',
    });
  });

  it('may be a section whose lines are all commented out', async () => {
    expect((await loadConfig({ file: file('empty.yaml', 'corpora:\n  # conll:\n') })).config.corpora).toEqual({});
  });

  it.each([
    ['corpora=x', 'corpora is "x", from --set corpora=x; expected corpora by name.'],
    ['corpora=[a]', 'corpora is ["a"]'],
    [
      'corpora.x=1',
      'corpora.x is 1, from --set corpora.x=1; expected a mapping of format, files, columns, lang, scheme, labels.',
    ],
    [
      'corpora.x={format: conll}',
      'corpora.x has no files, from --set corpora.x={format: conll}; expected files of train, validation, test, or a folder.',
    ],
    [
      'corpora.x={files: {train: a}}',
      'corpora.x has no format, from --set corpora.x={files: {train: a}}; expected one of panx, parquet, conll, jsonl.',
    ],
    [
      'corpora.conll.fromat=conll',
      'Unknown setting corpora.conll.fromat, from --set corpora.conll.fromat=conll; did you mean format?',
    ],
    [
      'corpora.conll.format=csv',
      'corpora.conll.format is "csv", from --set corpora.conll.format=csv; expected one of panx, parquet, conll, jsonl.',
    ],
    ['corpora.conll.files.dev=a', 'Unknown setting corpora.conll.files.dev, from --set corpora.conll.files.dev=a'],
    ['corpora.conll.files.tran=a', 'did you mean train?'],
    [
      'corpora.conll.files={}',
      'corpora.conll.files is empty, from --set corpora.conll.files={}; expected files of train, validation, test.',
    ],
    [
      'corpora.conll.files.train=[]',
      'corpora.conll.files.train is [], from --set corpora.conll.files.train=[]; expected a path, or a list of paths; {lang} stands for the language.',
    ],
    ['corpora.conll.files.train=7', 'corpora.conll.files.train is 7'],
    ['corpora.conll.files.train="a/{split}"', 'corpora.conll.files.train is "a/{split}"'],
    ['corpora.conll.files.train=', '--set corpora.conll.files.train= gives "corpora.conll.files.train" no value'],
    [
      'corpora.conll.files=folder',
      'corpora.conll.files is "folder", from --set corpora.conll.files=folder; expected the files of each split, such as {train: a, test: b}, for format conll.',
    ],
    [
      'corpora.wiki.files={train: a}',
      'corpora.wiki.files names files of splits, from --set corpora.wiki.files={train: a}; expected the path of one folder for format panx.',
    ],
    [
      'corpora.conll.columns.tags=0',
      'corpora.conll.columns.tags is 0, from --set corpora.conll.columns.tags=0; expected the number of a column (not 0), or its name.',
    ],
    [
      'corpora.conll.columns.tags=ner',
      'corpora.conll.columns.tags is "ner", from --set corpora.conll.columns.tags=ner; expected the number of a column, from 1, or from -1 counted from the last.',
    ],
    [
      'corpora.conll.columns.word=1',
      'Unknown setting corpora.conll.columns.word, from --set corpora.conll.columns.word=1; did you mean words?',
    ],
    [
      'corpora.conll.columns.text=a',
      'corpora.conll.columns.text is given, from --set corpora.conll.columns.text=a; expected of the columns of format conll: words, tags, feature.',
    ],
    [
      'corpora.conll.columns={words: 4}',
      'corpora.conll.columns has 4 for words and tags, from --set corpora.conll.columns={words: 4}; expected two columns.',
    ],
    [
      'corpora.notes.columns.words=1',
      'corpora.notes.columns.words is 1, from --set corpora.notes.columns.words=1; expected a name.',
    ],
    ['corpora.wiki.columns.words=a', 'expected of the columns of format panx: none.'],
    [
      'corpora.conll.lang=DE',
      'corpora.conll.lang is "DE", from --set corpora.conll.lang=DE; expected a language code such as tr, or null.',
    ],
    ['corpora.conll.lang=a=de', 'corpora.conll.lang is "a=de"'],
    [
      'corpora.conll.scheme=IOBES',
      'corpora.conll.scheme is "IOBES", from --set corpora.conll.scheme=IOBES; expected one of auto, IOB1, IOB2, BIOES, BILOU.',
    ],
    ['corpora.conll.labels=[O, PER]', 'corpora.conll.labels is ["O","PER"]'],
    [
      'corpora.conll.labels=[B-PER, I-PER]',
      'expected the tags in the order of their ids, such as [O, B-PER, I-PER], or null.',
    ],
    ['corpora.conll.labels=[O, O]', 'corpora.conll.labels is ["O","O"]'],
    [
      'corpora={9: {format: conll}}',
      'corpora.9, from --set corpora={9: {format: conll}}, is no name of a corpus; expected up to 40 letters, digits, dots, hyphens and underscores after a letter.',
    ],
    ['corpora={__proto__: {format: conll}}', 'is no name of a corpus'],
    ['corpora={a/b: {format: conll}}', 'corpora.a/b, from'],
    [
      'corpora={data: {format: conll}}',
      'corpora.data, from --set corpora={data: {format: conll}}, has the name of a setting; expected another name.',
    ],
  ])('refuses %s', async (assignment, sentence) => {
    await expect(assign(assignment)).rejects.toThrow(sentence);
    await expect(assign(assignment)).rejects.toMatchObject({ exitCode: 2 });
  });
});

describe('a language of a named corpus', () => {
  it('stands where languages do, and as a name alone where it has one', async () => {
    const { config } = await assign(
      'training.langs=[en, conll=de, germeval]',
      'evaluation.langs=[notes, wiki=fr]',
      'study={source: germeval, target: conll=nl, score: [notes]}',
    );
    expect(config.training.langs).toEqual(['en', 'conll=de', 'germeval=de']);
    expect(config.evaluation.langs).toEqual(['notes=und', 'wiki=fr']);
    expect(config.study).toMatchObject({ source: 'germeval=de', target: 'conll=nl', score: ['notes=und'] });
  });

  it('may be an option, and of a corpus that is described after it', async () => {
    const named = [{ key: 'training.langs' as const, value: ['xx1'], origin: '--lang' }];
    const other = ['corpora.xx1={format: conll, files: {train: a}}'];
    expect((await loadConfig({ assignments: other, options: named })).config.training.langs).toEqual(['xx1=und']);
  });

  it('is one of data where it is two letters alone, whatever corpora are called', async () => {
    const { config } = await assign('corpora.de={format: conll, files: {train: a}}', 'training.langs=[de, de=und]');
    expect(config.training.langs).toEqual(['de', 'de=und']);
  });

  it.each([
    [
      'training.langs=[conl=de]',
      'training.langs has "conl=de", from --set training.langs=[conl=de], but there is no corpus "conl"; did you mean conll?',
    ],
    [
      'training.langs=[conll]',
      'training.langs has conll, from --set training.langs=[conll], a corpus with several languages; expected conll=LANG, such as conll=en.',
    ],
    [
      'training.langs=[germeval=fr]',
      'training.langs has germeval=fr, from --set training.langs=[germeval=fr], but the corpus germeval is one of the language de; expected germeval=de.',
    ],
    ['training.langs=[notes=en]', 'but the corpus notes is one of the language und; expected notes=und.'],
    ['training.langs=[germeval, germeval=de]', 'training.langs is ["germeval=de","germeval=de"]'],
    ['training.langs=[conll=DE]', 'training.langs is ["conll=DE"]'],
    ['study.source=toString', 'study.source is "toString"'],
    ['study.source=toString=de', 'but there is no corpus "toString"'],
    [
      'training.langs=[EN]',
      'training.langs is ["EN"], from --set training.langs=[EN]; expected a list of different language codes such as [en, tr], or [all].',
    ],
  ])('is refused: %s', async (assignment, sentence) => {
    await expect(assign(assignment)).rejects.toThrow(sentence);
    await expect(assign(assignment)).rejects.toMatchObject({ exitCode: 2 });
  });

  it('needs a corpus at all', async () => {
    await expect(loadConfig({ assignments: ['training.langs=[conll=de]'] })).rejects.toMatchObject({
      message: 'training.langs has "conll=de", from --set training.langs=[conll=de], but there is no corpus "conll".',
      hint: 'Describe it in the section corpora of a configuration file (docs/corpora.md).',
    });
  });
});
