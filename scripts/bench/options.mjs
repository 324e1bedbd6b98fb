/** The command line of a benchmark. The head comment of its file is its help, so there is one description of the options. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/**
 * Read the command line; where it is wrong, or --help is on it, print why and the head comment, and end.
 *
 * @param file import.meta.url of the benchmark
 * @param needed options that must be given
 * @param optional their defaults: text, null for none, a list for what may be repeated, a boolean for a flag
 */
export function readOptions(file, needed, optional) {
  const defaults = { ...Object.fromEntries(needed.map(name => [name, null])), out: null, ...optional };
  try {
    const { values } = parseArgs({
      options: { help: { type: 'boolean' }, ...Object.fromEntries(Object.entries(defaults).map(kindOf)) },
    });
    if (values.help) end(0, usage(file));
    for (const name of needed) if (values[name] === undefined) throw new Error(`--${name} is missing.`);
    return values;
  } catch (error) {
    return end(2, `${error.message}\n\n${usage(file)}`);
  }
}

/** An option as a whole number of at least `least`. */
export function wholeNumber(options, name, least = 1) {
  const value = Number(options[name]);
  if (Number.isInteger(value) && value >= least) return value;
  return end(2, `--${name} is ${options[name]}; expected a whole number of at least ${least}.`);
}

/** An option as a list of some of the words it may hold. */
export function wordsOf(options, name, known) {
  const words = options[name].split(',');
  for (const word of words) {
    if (!known.includes(word)) end(2, `--${name} is ${options[name]}; expected ${known.join(', ')}, or some of them.`);
  }
  return words;
}

/**
 * The command line without this machine's folders, for what is kept: `node scripts/bench/training.mjs --model DIR --pairs 3`. --out is
 * left out.
 */
export function commandText(script) {
  const standIns = {
    model: 'DIR',
    models: 'DIR',
    data: 'DIR',
    tagger: 'DIR',
    peer: '"PYTHON SCRIPT"',
    python: 'PYTHON',
    cli: 'CLI',
  };
  const words = process.argv.slice(2).flatMap(word => (/^--[a-z-]+=/.test(word) ? split(word) : [word]));
  const shown = [];
  for (let i = 0; i < words.length; i++) {
    const name = words[i].replace(/^--/, '');
    if (name === 'out') i++;
    else shown.push(words[i], ...(name in standIns ? [standIns[name]] : []));
    if (name in standIns) i++;
  }
  return ['node', `scripts/bench/${script}.mjs`, ...shown].join(' ');
}

/** Say why, and end the process. */
export function end(code, text) {
  (code === 0 ? process.stdout : process.stderr).write(`${text}\n`);
  process.exit(code);
}

function kindOf([name, byDefault]) {
  if (byDefault === null) return [name, { type: 'string' }];
  if (Array.isArray(byDefault)) return [name, { type: 'string', multiple: true, default: byDefault }];
  return [name, { type: typeof byDefault, default: byDefault }];
}

function split(word) {
  const at = word.indexOf('=');
  return [word.slice(0, at), word.slice(at + 1)];
}

function usage(file) {
  const head = /\/\*\*([\s\S]*?)\*\//.exec(readFileSync(fileURLToPath(file), 'utf8'))[1];
  return head.replace(/^ \* ?/gm, '').trim();
}
