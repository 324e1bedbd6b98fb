import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { otherWords, wordsOf } from '../../src/commands/completion/words.js';
import { everyCommand } from '../../src/commands/completion.js';
import { protocolNames, settings } from '../../src/config/schema.js';
import { buildCli, panx } from '../built-cli.js';
import { zshCompletions } from './completion/zsh-completions.js';

const folder = mkdtempSync(join(tmpdir(), 'panx-test-'));
const script = (shell: string) => join(folder, `panx.${shell}`);
/** Where files are completed. */
const here = join(folder, 'here');

beforeAll(() => {
  buildCli();
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, stdout, stderr } = panx(['completion', shell]);
    expect([code, stderr]).toEqual([0, '']);
    writeFileSync(script(shell), stdout);
  }
  mkdirSync(join(here, 'my runs', 'one'), { recursive: true });
  writeFileSync(join(here, 'study.yaml'), '');
  writeFileSync(join(here, "it's.yaml"), '');
});

const isThere = (shell: string) => spawnSync(shell, ['-c', 'exit 0']).status === 0;

interface Case {
  /** What is typed, the last word up to the cursor. */
  typed: string[];
  /** The words that it may become. */
  words: readonly string[];
}

const of = (typed: string, words: readonly string[]): Case => ({ typed: typed.split(' '), words });
const schedules = ['linear', 'cosine', 'constant', 'plateau'];

/** What all shells complete alike. */
const cases: Case[] = [
  of('tr', ['train']),
  of('data st', ['stats']),
  of('data ', ['stats', 'show', 'convert']),
  of('data stats --la', ['--lang', '--langs']),
  of('train --sched', ['--schedule']),
  of('train --no-e', ['--no-eval']),
  of('train --schedule ', schedules),
  of('train --seed ', []),
  of('train --lang ', []),
  of('train --lang=', []),
  of('sweep --protocol from', ['from-source']),
  of('sweep --protocol ', protocolNames),
  of('sweep --protocol cumulative,tar', ['cumulative,target-only', 'cumulative,target-then-source']),
  of('data stats --splits train,val', ['train,validation']),
  of('evaluate --split te', ['test']),
  of('evaluate --metrics st', ['strict']),
  of('data convert --to con', ['conll']),
  of('init --size sm', ['small']),
  of('tokenizers --tables fertility,w', ['fertility,words']),
  of('report --seen same', ['same-type']),
  of('train --set training.sch', ['training.schedule=']),
  of('train --set training.schedule=c', ['training.schedule=cosine', 'training.schedule=constant']),
  of('train --set training.newHead=t', ['training.newHead=true']),
  of('train --set seed=', []),
  of('sweep --grid training.fre', ['training.freeze=']),
  of('sweep --grid evaluation.', []),
  of('sweep --grid training.schedule=linear,p', ['training.schedule=linear,plateau']),
  of('completion ', ['bash', 'zsh', 'fish']),
  of('help tok', ['tokenizers']),
  of('train st', []),
  of('run st', ['study.yaml']),
  of('train --config st', ['study.yaml']),
  of('train --out my', ['my runs/']),
  { typed: ['verify', 'my runs/o'], words: ['my runs/one/'] },
  { typed: ['run', "it's"], words: ["it's.yaml"] },
  of('train --langs en --data-seed 3 --resp', ['--resplit']),
];

/** Without what shells do differently: the slash behind a folder, the option before a value, the order. */
const alike = (words: readonly string[]) =>
  words.map(word => word.replace(/\/$/, '').replace(/^--[a-z]+=(?=.)/, '')).sort();

/** The line as one would type it. */
const lineOf = ({ typed }: Pick<Case, 'typed'>) =>
  ['panx', ...typed].map(word => word.replace(/[ ']/g, '\\$&')).join(' ');

describe.skipIf(!isThere('bash'))('panx completion bash', () => {
  /** What COMPREPLY holds, when these are COMP_WORDS. */
  function replies(words: readonly string[]): string[] {
    const program = `
      source "$1"
      shift
      COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
      _panx
      printf '%s\\n' "\${COMPREPLY[@]}"
    `;
    const args = ['--norc', '-c', program, 'bash', script('bash'), ...words];
    const { stdout, stderr } = spawnSync('bash', args, { cwd: here, encoding: 'utf8' });
    expect(stderr).toBe('');
    return stdout.split('\n').filter(line => line !== '');
  }

  it.each(cases)('$typed', ({ typed, words }) => {
    expect(alike(replies(lineOf({ typed }).split(/(?<!\\) /)))).toEqual(alike(words));
  });

  // Bash gives "=" as a word of its own, and replaces what stands behind it.
  it.each([
    [['train', '--lang', '='], []],
    [['train', '--schedule', '='], schedules],
    [['train', '--schedule', '=', 'li'], ['linear']],
    [['train', '--schedule=li'], ['--schedule=linear']],
    [['train', '--set', 'training.schedule', '='], schedules],
    [
      ['train', '--set', 'training.schedule', '=', 'co'],
      ['cosine', 'constant'],
    ],
    [['train', '--set', '=', 'training.schedule', '=', 'pl'], ['plateau']],
    [['train', '--set', 'training.schedule', '=', 'linear', '--set', 'training.fre'], ['training.freeze=']],
    [['train', '--set', 'seed', '=', '3', '--resp'], ['--resplit']],
    [['train', '--set', '=', ''], []],
    [['sweep', '--protocol', '=', 'joint,zero'], ['joint,zero-shot']],
    [['train', '--config', '=', 'st'], ['study.yaml']],
    [['train', '--schedule', '"li'], ['linear']],
    [['train', '--out', 'my\\ ru'], ['my runs']],
    [['train', '--out', '"my ru'], ['my runs']],
    [['run', '"it\'s'], ["it's.yaml"]],
    [['run', "it\\'s"], ["it's.yaml"]],
    [['run', "'it'"], ["it's.yaml"]],
    [['evaluate', '--profile', '--metr'], ['--metrics']],
    [['evaluate', '--profile', 'st'], ['study.yaml']],
    [['nonsense', '--sch'], []],
    [['train', '--nonsense', ''], []],
    [['--ver'], ['--version']],
  ])('%j', (typed, words) => {
    expect(replies(['panx', ...typed])).toEqual(words);
  });

  it('completes every command, and only those that panx --help lists', () => {
    const listed = [...panx(['--help']).stdout.matchAll(/^ {2}([a-z]+) .*\S$/gm)].map(([, name]) => name!);
    expect(listed).toContain('tokenizers');
    expect(replies(['panx', '']).sort()).toEqual(listed.sort());
  });

  it('completes every option that the help of a command lists', () => {
    for (const command of ['train', 'sweep', 'evaluate', 'data convert', 'tokenizers', 'verify', 'fetch']) {
      const { stdout } = panx([...command.split(' '), '--help']);
      const options = [...stdout.matchAll(/^ {2}(-.*?)(?: {2}|$)/gm)].flatMap(
        ([, flags]) => flags!.match(/--[a-z-]+/g)!,
      );
      expect(options.length).toBeGreaterThan(5);
      expect(replies(['panx', ...command.split(' '), '--']).sort()).toEqual(options.sort());
    }
  });
});

describe.skipIf(!isThere('fish'))('panx completion fish', () => {
  it.each(cases)('$typed', ({ typed, words }) => {
    const program = `source $argv[1]; complete -C $argv[2]`;
    const { stdout, stderr } = spawnSync('fish', ['--no-config', '-c', program, script('fish'), lineOf({ typed })], {
      cwd: here,
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    const found = stdout.split('\n').filter(one => one !== '');
    expect(alike(found.map(one => one.split('\t')[0]!))).toEqual(alike(words));
  });
});

describe.skipIf(!isThere('zsh'))('panx completion zsh', () => {
  it('is a script that zsh reads', () => {
    expect(spawnSync('zsh', ['-n', script('zsh')], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
  });

  it('completes what the others complete', () => {
    const found = zshCompletions(script('zsh'), cases.map(lineOf), here);
    const expected = cases.map(({ words }) => alike(words));
    expect(found.map(alike)).toEqual(expected);
  });
});

describe('the words of commands', () => {
  it('name options that are there, of settings that are there', async () => {
    const words = wordsOf(await everyCommand());
    for (const [name, values] of Object.entries(otherWords)) {
      const at = name.lastIndexOf(' ');
      const command = words.find(({ path }) => path === name.slice(0, at));
      const option = command?.options.find(({ names }) => names.includes(name.slice(at + 1)));
      expect([name, option?.value]).toEqual([name, expect.objectContaining({ words: values })]);
    }
    expect(words.find(({ path }) => path === 'stage')).toBeUndefined();
    // Scripts have them as they are.
    const every = words.flatMap(({ options, argument }) => [argument, ...options.map(({ value }) => value)]);
    const plain = every.flatMap(values => (values !== null && 'words' in values ? values.words : []));
    expect(plain.filter(word => !/^[\w.+-]+$/.test(word))).toEqual([]);
    expect(settings.get('training.schedule')!.words).toEqual(schedules);
  });
});

describe('panx completion refuses', () => {
  it.each([
    [[], "panx: Missing required argument 'shell'.\n"],
    [
      ['csh'],
      "panx: Command-argument value 'csh' is invalid for argument 'shell'. Allowed choices are bash, zsh, fish.\n",
    ],
    [['bash', 'zsh'], 'panx: Too many arguments'],
  ])('%j', (args, message) => {
    const { code, stdout, stderr } = panx(['completion', ...args]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
  });
});
