/**
 * A program in the place of panx that breaks one promise, by its first argument: so the tests of the campaign show
 * that each of its checks can fail.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';

const [name, ...args] = process.argv.slice(2);

function refuse(sentence, code = 1) {
  process.stderr.write(`panx: ${sentence}\n  Do something about it.\n`);
  process.exitCode = code;
}

const misdeeds = {
  accept: () => {},
  refuse: () => refuse('No.'),
  bug: () => {
    process.stderr.write(`panx: internal error, please report it: ${new TypeError('x is not a function').stack}\n`);
    process.exitCode = 70;
  },
  throws: () => {
    throw new Error('nobody caught this');
  },
  odd: () => refuse('No.', 3),
  abort: () => process.abort(),
  warns: () => process.emitWarning('something is old'),
  mumble: () => {
    process.stderr.write('it did not work\n');
    process.exitCode = 1;
  },
  rambles: () => {
    process.stderr.write('panx: It did not work:\nbecause\nof\nthis\n');
    process.exitCode = 1;
  },
  colours: () => refuse('the label "\u001b[31mred" is unknown.'),
  hang: () => setInterval(() => {}, 1000),
  gorge: async () => {
    globalThis.kept = Buffer.alloc(200e6, 1);
    await new Promise(resolve => setTimeout(resolve, 200));
    if (args.includes('--for-ever')) misdeeds.hang();
    if (args.includes('--then-refuse')) refuse('It is too large.');
  },
  computes: () => {
    const used = () => process.cpuUsage().user + process.cpuUsage().system;
    while (used() < 300_000);
    refuse('It is too large.');
  },
  removes: () => rmSync('foreign', { recursive: true }),
  changes: () => writeFileSync('beside.txt', 'not as it was'),
  replacesLink: () => {
    rmSync('link');
    symlinkSync('elsewhere', 'link');
  },
  strays: () => writeFileSync('somewhere-else.txt', 'x'),
  writes: () => {
    mkdirSync('out', { recursive: true });
    writeFileSync('out/config.json', '{}');
  },
  leaves: () => {
    mkdirSync('out', { recursive: true });
    writeFileSync('out/config.json.123-0a1b2c3d.tmp', '');
  },
  locks: () => mkdirSync('out/lock', { recursive: true }),
  half: () => {
    mkdirSync('out', { recursive: true });
    writeFileSync('out/config.json', '{"a":');
  },
  wrong: () => {
    mkdirSync('out', { recursive: true });
    writeFileSync('out/checksums.json', '{"a": "of another run"}');
  },
  orphan: () => spawn('sleep', ['30'], { stdio: 'ignore' }).unref(),
  // Breaks only where this file has an x in it, and this option is given.
  picky: () => {
    if (existsSync('notes.txt') && readFileSync('notes.txt', 'utf8').includes('x') && args.includes('--fatal'))
      misdeeds.bug();
  },
  verify: () => {
    if (existsSync('out/config.json')) refuse('out is not sound.');
  },
};

await misdeeds[name]();
