/**
 * Tokenizing: a train split into subwords with labels, panx beside Python on the same Rust engine, cold and cached, in turn.
 *
 *   node scripts/bench/tokenizing.mjs --model DIR --data DIR --python PYTHON [--lang en] [--rows N] [--pairs 5] [--out DIR]
 *
 * --model is a folder with tokenizer.json; PYTHON has transformers, tokenizers, datasets and pyarrow. Without --rows the whole split
 * is encoded (20,000 rows of PAN-X en). Every measurement is a process of its own, whose rows are in memory when the clock starts.
 *
 * The peer is measured in three ways (tokenizing-peer.py): datasets' map as the Hugging Face notebook calls it, a plain loop, and the
 * bare tokenizers package; the fastest of a round counts. What is compared with it:
 *   cold    panx without its token cache, which it writes (of the peer only map keeps a result)
 *   cached  panx reading its token cache, against the peer's fastest COLD way: what a second run saves
 *   cached, both  the same against datasets' own cache, as a second call of map finds it
 * each with the tokenizer loaded beforehand, and with loading it. All must come to the same subwords and labels, else this ends with code 1.
 */
import { join } from 'node:path';
import { cutCorpus } from './corpus.mjs';
import { describeMachine } from './machine.mjs';
import { readOptions, wholeNumber } from './options.mjs';
import { fileHere, finished, inScratch, lastLine, median } from './programs.mjs';
import { cellsOf, figureOfCost, mediansNote, publish, tell } from './results.mjs';

const options = readOptions(import.meta.url, ['model', 'data', 'python'], { lang: 'en', rows: null, pairs: '5' });
const { model, lang, python } = options;
const rows = options.rows === undefined ? null : wholeNumber(options, 'rows');
const pairCount = wholeNumber(options, 'pairs');
const plainWays = ['transformers', 'tokenizers'];

const machine = await describeMachine(python);
const rounds = await inScratch(async scratch => {
  const data =
    rows === null ? options.data : await cutCorpus(options.data, [lang], { train: rows }, join(scratch, 'data'));
  const done = [];
  for (let number = 1; number <= pairCount; number++) {
    const round = await oneRound(data, join(scratch, `round-${number}`));
    done.push(round);
    const seconds = Object.entries(round).map(([name, run]) => `${name} ${run.encodeS.toFixed(2)}`);
    tell(`pair ${number}  seconds to encode: ${seconds.join(', ')}`);
  }
  return done;
});
const results = rounds.flatMap(round => Object.values(round));
const same = results.every(({ sha256 }) => sha256 === results[0].sha256);
report();
process.exitCode = same ? 0 : 1;

/** Each program in turn: cold, then again with what the first call kept. */
async function oneRound(data, folder) {
  const ours = async () => {
    const args = [fileHere('tokenizing-panx.mjs'), model, data, lang, join(folder, 'panx')];
    return lastLine((await finished(process.execPath, args)).stdout);
  };
  const theirs = async how => {
    const args = [fileHere('tokenizing-peer.py'), model, data, lang, join(folder, 'python'), how];
    return lastLine((await finished(python, args)).stdout);
  };
  const round = { map: await theirs('map'), cold: await ours(), mapCached: await theirs('map'), cached: await ours() };
  for (const how of plainWays) round[how] = await theirs(how);
  return round;
}

function report() {
  const encoding = run => run.encodeS;
  const all = run => run.startS + run.encodeS;
  // The faster way may differ between the two: loading transformers' tokenizer takes longer than loading the bare one.
  const against = (ours, ways, seconds) =>
    figureOfCost(
      rounds.map(round => ({ panx: seconds(round[ours]), peer: Math.min(...ways.map(way => seconds(round[way]))) })),
      value => value,
    );
  const cold = ['map', ...plainWays];
  const lines = [
    { figure: 'cold', ...both('cold', cold) },
    { figure: 'cached, the peer cold', ...both('cached', cold) },
    { figure: 'cached, both', ...both('cached', ['mapCached']) },
  ];
  function both(ours, ways) {
    return { encoding: against(ours, ways, encoding), withLoading: against(ours, ways, all) };
  }
  const medians = ['cold', 'cached', 'map', 'mapCached', ...plainWays].map(name => {
    const [encode, start] = ['encodeS', 'startS'].map(key => median(rounds.map(round => round[name][key])));
    return `${name} ${encode.toFixed(3)} s and ${start.toFixed(2)} s of loading`;
  });
  const { rows: count, subwords } = rounds[0].cold;
  publish(options.out, 'tokenizing', {
    script: 'tokenizing',
    title: `Tokenizing ${count.toLocaleString('en-US')} rows of PAN-X ${lang} with labels`,
    columns: ['', '>encoding, s', '>ratio', '>with loading the tokenizer, s', '>ratio'],
    rows: lines.map(({ figure, encoding: some, withLoading }) => [
      figure,
      ...cellsOf(some, 3),
      ...cellsOf(withLoading, 3),
    ]),
    notes: [
      mediansNote(pairCount, "Python's fastest way"),
      `All of them (cold and cached are panx's): ${medians.join('; ')}.`,
      `${subwords.toLocaleString('en-US')} subwords; ids and labels ${same ? 'are the same in all' : 'ARE NOT THE SAME in all'}.`,
    ],
    machine,
    measured: { figures: lines, rounds },
  });
}
