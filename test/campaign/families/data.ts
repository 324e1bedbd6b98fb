import type { Case, Step, Verdict } from '../case.js';
import type { Damage } from '../damage.js';
import { oddParquets } from '../odd-parquet.js';
import { anyDamage, nameOfDamage } from '../odd-values.js';
import type { Random } from '../random.js';
import { evaluate, panx, sweep, train } from './commands.js';

/** Family 4: a corpus whose files are damaged, missing, too many, odd, or something else. */
export function dataCase(random: Random): Case {
  const part = random.pick([bytes, bytes, bytes, shards, shards, odd, odd, odd, instead, folders, languages]);
  return { family: 'data', steps: part(random) };
}

type Split = 'train' | 'validation' | 'test';

/** A command that reads this split. */
function readerOf(split: Split, random: Random): Step[] {
  const stats = panx(['data', 'stats', '--data', 'data', '--langs', 'en', '--splits', split]);
  const show = panx(['data', 'show', '--data', 'data', '--lang', 'en', '--split', split, '--row', '0']);
  const training = train('out', {});
  if (split === 'test') {
    return random.pick([
      [stats],
      [show],
      [training],
      [{ do: 'fixture', name: 'checkpoint', to: 'm', fixed: true }, evaluate('m')],
    ]);
  }
  return [random.pick([stats, show, training, ...(split === 'train' ? [sweep('out', {})] : [])])];
}

const splits: readonly Split[] = ['train', 'validation', 'test'];

function fileOf(split: Split): string {
  return `data/PAN-X.en/${split}-00000-of-00001.parquet`;
}

function bytes(random: Random): Step[] {
  const split = random.pick(splits);
  // The footer says where everything is: half of the damage goes there.
  let how = anyDamage(random);
  if ('at' in how && typeof how.at === 'number' && random.chance(0.5))
    how = { ...how, at: 0.9 + how.at / 10 } as Damage;
  const verdict: Verdict = how.kind === 'cut' || how.kind === 'append' ? 'refuse' : 'either';
  return [
    { do: 'damage', path: fileOf(split), how, verdict, what: `parquet: ${nameOfDamage(how)}` },
    ...readerOf(split, random),
  ];
}

function shards(random: Random): Step[] {
  const split = random.pick(splits);
  const folder = 'data/PAN-X.en';
  const file = fileOf(split);
  const name = (suffix: string) => `${folder}/${split}-${suffix}`;
  const copy = (to: string): Step => ({ do: 'copy', from: file, to, fixed: true });
  const move = (to: string): Step => ({ do: 'move', from: file, to, fixed: true });
  const [steps, verdict, what]: [Step[], Verdict, string] = random.pick([
    [[move(name('00000-of-99999999.parquet'))], 'refuse', '1 of 99,999,999'],
    [[move(name('00000-of-9007199254740993.parquet'))], 'refuse', '1 of 2^53 + 1'],
    [[move(name('00000-of-00000.parquet'))], 'refuse', '1 of 0'],
    [[move(name('00001-of-00001.parquet'))], 'refuse', 'number 1 of 1'],
    [[move(name('00000-of-00002.parquet'))], 'refuse', '1 of 2'],
    [[move(name('99999999-of-00001.parquet'))], 'refuse', 'number 99,999,999 of 1'],
    [[move(name('00000-of-00001-0123456789abcdef.parquet'))], 'fine', 'a name with a hash'],
    [[move(name('x.parquet'))], 'either', 'a name without numbers'],
    [[move(`${folder}/${split}.parquet`)], 'refuse', 'a name without a dash'],
    [[copy(name('00000-of-00002.parquet'))], 'refuse', 'files of two sets'],
    [[copy(name('00000-of-00001-aa.parquet'))], 'refuse', 'a number twice'],
    [[copy(name('extra.parquet'))], 'refuse', 'a file of no set'],
    [[copy(name('00000-of-00001.parquet.bak'))], 'fine', 'a copy beside'],
    [
      [
        move(name('00000-of-00002.parquet')),
        { do: 'copy', from: name('00000-of-00002.parquet'), to: name('00001-of-00002.parquet'), fixed: true },
      ],
      'fine',
      'two shards',
    ],
    [[move(name('\n.parquet'))], 'either', 'a name with a line end'],
    [[move(name(`${'0'.repeat(200)}-of-1.parquet`))], 'either', 'a name of 200 zeros'],
    [
      [
        move(name('\u001b[31m.parquet')),
        { do: 'copy', from: name('\u001b[31m.parquet'), to: name('00000-of-00002.parquet'), fixed: true },
      ],
      'refuse',
      'a name with control characters',
    ],
    [[{ do: 'remove', path: file, fixed: true }], 'refuse', 'no file'],
  ]);
  const readers = readerOf(split, random);
  const marker: Step = { do: 'folder', path: 'home/marker', verdict, what: `shards: ${what}`, fixed: true };
  return [
    ...steps,
    marker,
    ...readers.map(step => (step.do === 'panx' && verdict === 'refuse' ? { ...step, quick: true as const } : step)),
  ];
}

function odd(random: Random): Step[] {
  const split = random.pick(splits);
  const harmless = oddParquets.filter(({ bomb }) => bomb === undefined);
  // They take seconds to make.
  const chosen = random.chance(0.12) ? random.pick(oddParquets.filter(({ bomb }) => bomb)) : random.pick(harmless);
  const { name, verdict, bomb } = chosen;
  // Which rows a training takes, and whether a row is read, differs from command to command.
  const path = fileOf(split);
  const readers = readerOf(split, random).map(step =>
    step.do === 'panx' && bomb ? { ...step, enoughMs: 40_000 } : step,
  );
  const trains = readers.some(
    step => step.do === 'panx' && ['train', 'sweep', 'evaluate'].includes(step.args[0]!.words[0]!),
  );
  // What is right by itself need not fit the other splits, or --size 40.
  const held: Verdict = verdict === 'fine' && trains ? 'either' : verdict;
  return [{ do: 'parquet', path, name, verdict: held, what: `parquet: ${name}`, fixed: true }, ...readers];
}

/** Something else in the place of a file. */
function instead(random: Random): Step[] {
  const split = random.pick(splits);
  const path = fileOf(split);
  const [step, what]: [Step, string] = random.pick<[Step, string]>([
    [{ do: 'write', path, content: '' }, 'empty'],
    [{ do: 'write', path, content: 'PAR1' }, 'PAR1'],
    [{ do: 'write', path, content: 'PAR1\u0000\u0000\u0000\u0000PAR1' }, 'a magic number twice'],
    [{ do: 'write', path, content: { hex: '50415231ffffff7f50415231' } }, 'a footer longer than the file'],
    [
      { do: 'write', path, content: 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n' },
      'a pointer of Git LFS',
    ],
    [{ do: 'write', path, content: '<html>404</html>' }, 'a page'],
    [{ do: 'folder', path }, 'a folder'],
    [{ do: 'link', path, to: 'nowhere' }, 'a link to nothing'],
    [{ do: 'link', path, to: path.split('/').at(-1)! }, 'a link to itself'],
    [{ do: 'link', path, to: '{box}/model/model.safetensors' }, 'a link to a model'],
    [{ do: 'link', path, to: '{box}/endless' }, 'a link to a device without end'],
    [{ do: 'pipe', path }, 'a pipe'],
  ]);
  return [
    { do: 'device', path: 'endless', endless: true, fixed: true },
    { do: 'remove', path, fixed: true, verdict: 'refuse', what: `in place of a parquet file: ${what}` },
    { ...step, fixed: true, whole: true } as Step,
    ...readerOf(split, random).map(reader => ({ ...reader, limitMs: 20_000 }) as Step),
  ];
}

function folders(random: Random): Step[] {
  const [steps, verdict, what]: [Step[], Verdict, string] = random.pick<[Step[], Verdict, string]>([
    [[{ do: 'remove', path: 'data/PAN-X.en' }], 'refuse', 'no PAN-X.en'],
    [
      [
        { do: 'remove', path: 'data/PAN-X.en' },
        { do: 'write', path: 'data/PAN-X.en', content: 'x' },
      ],
      'refuse',
      'PAN-X.en is a file',
    ],
    [
      [
        { do: 'move', from: 'data/PAN-X.en', to: 'en' },
        { do: 'link', path: 'data/PAN-X.en', to: '../en' },
      ],
      'fine',
      'PAN-X.en is a link',
    ],
    [
      [
        { do: 'remove', path: 'data/PAN-X.en' },
        { do: 'link', path: 'data/PAN-X.en', to: 'PAN-X.en' },
      ],
      'refuse',
      'PAN-X.en is a link to itself',
    ],
    [[{ do: 'move', from: 'data/PAN-X.en', to: 'data/pan-x.en' }], 'refuse', 'PAN-X.en in small letters'],
    [
      [
        { do: 'move', from: 'data', to: 'elsewhere' },
        { do: 'link', path: 'data', to: 'elsewhere' },
      ],
      'fine',
      'the data folder is a link',
    ],
    [[{ do: 'move', from: 'data', to: 'elsewhere' }], 'refuse', 'no data folder'],
    [
      [
        { do: 'write', path: 'data/PAN-X.../x', content: 'x' },
        { do: 'folder', path: 'data/PAN-X.\u001b[31m' },
      ],
      'fine',
      'odd folders beside',
    ],
  ]);
  const marker: Step = { do: 'folder', path: 'home/marker', verdict, what: `folders: ${what}`, fixed: true };
  return [...steps.map(step => ({ ...step, fixed: true as const })), marker, ...readerOf('train', random)];
}

function languages(random: Random): Step[] {
  const lang = random.pick([
    '',
    ' ',
    '..',
    '../PAN-X.en',
    '/',
    'en/../en',
    'EN',
    'xx',
    '*',
    '\u0000',
    'en\n',
    '__proto__',
    '-',
    'en,',
    ',en',
    'en,en',
    'ünï',
    'e'.repeat(5000),
    '\u001b[31m',
    'en/',
    './en',
  ]);
  const argument = { words: ['--lang', lang], fixed: true as const };
  const command = random.pick<Step>([
    train('out', { more: [argument], expect: lang === 'en,en' ? 'refuse' : 'either' }),
    panx(['data', 'stats', '--data', 'data', '--langs', lang], {
      expect: /^(en|en,|,en)$/.test(lang.trim()) ? 'either' : 'refuse',
    }),
    panx(['data', 'show', '--data', 'data', '--row', '1', '--lang', lang], {
      expect: lang.trim() === 'en' ? 'either' : 'refuse',
    }),
    sweep('out', { more: [{ words: ['--target', lang], fixed: true }], expect: 'refuse' }),
  ]);
  return [command];
}
