import { gzipSync } from 'node:zlib';
import type { Command, Content, Preparation } from './case.js';
import type { Damage } from './damage.js';
import { fixtureLines } from './fixtures.js';
import { type JsonText, jsonChanges, placeOf } from './json-change.js';

/** A text as one word of a POSIX shell, in which {box} is the sandbox. */
export function quote(text: string): string {
  if (/^[\w./:=,@+-]+$/.test(text)) return text;
  return text
    .split('{box}')
    .map(part => (part === '' ? '' : `'${part.replaceAll("'", `'\\''`)}'`))
    .join('"$box"');
}

/** What a preparation does, as lines of shell. `damaged` are the bytes before and after, where it is a damage. */
export function preparationLines(step: Preparation, damaged?: { before: Buffer; after: Buffer }): string[] {
  switch (step.do) {
    case 'fixture':
      return fixtureLines(step.name, step.to);
    case 'folder':
      return [`mkdir -p ${quote(step.path)}`];
    case 'write':
      return [`mkdir -p "$(dirname ${quote(step.path)})"`, `${contentLine(step.content)} > ${quote(step.path)}`];
    case 'link':
      return [`ln -sn ${quote(step.to)} ${quote(step.path)}`];
    case 'pipe':
      return [`mkfifo ${quote(step.path)}`];
    case 'device':
      return [`mknod -m 666 ${quote(step.path)} c 1 ${step.endless ? 5 : 3}   # as root`];
    case 'copy':
      return [`cp -r ${quote(step.from)} ${quote(step.to)}`];
    case 'move':
      return [`mv ${quote(step.from)} ${quote(step.to)}`];
    case 'remove':
      return [`rm -rf ${quote(step.path)}`];
    case 'mode':
      return [`chmod ${step.mode.toString(8)} ${quote(step.path)}`];
    case 'lock':
      return [`# ${step.path}/holder.json names a process that is ${step.holder}`];
    case 'parquet':
      return [`# ${step.path} is a parquet file with ${step.name}: see odd-parquet.ts`];
    case 'hub':
      return ['# HF_ENDPOINT is a local hub that misbehaves: repeat the case by its number'];
    case 'damage':
      return damaged === undefined ? [] : damageLinesOf(step.path, step.how, damaged);
  }
}

/** A change of JSON reads best as one; all other damage is one of bytes. */
function damageLinesOf(path: string, how: Damage, { before, after }: { before: Buffer; after: Buffer }): string[] {
  if (how.kind === 'tokenizer') {
    const changes = jsonChanges(before.toString('utf8'), after.toString('utf8'));
    if (changes !== null) return changes.map(([place, value]) => setJson(path, place, value));
  }
  if (how.kind !== 'json' && how.kind !== 'header') return damageLines(path, before, after);
  const text = how.kind === 'json' ? before : before.subarray(8, 8 + Number(before.readBigUInt64LE(0)));
  const line = setJson(path, placeOf(text.toString('utf8'), how.at), how.value);
  return [how.kind === 'json' ? line : `${line} header`];
}

function setJson(path: string, place: readonly (string | number)[], value: JsonText | null): string {
  const told = value === null ? '-' : typeof value === 'string' ? value : Object.entries(value)[0]!.join(' ');
  return `setjson ${quote(path)} ${quote(JSON.stringify(place))} ${quote(told)}`;
}

/** What is the same at the start and at the end is taken from the file itself. */
export function damageLines(path: string, before: Buffer, after: Buffer): string[] {
  const most = Math.min(before.length, after.length);
  let start = 0;
  while (start < most && before[start] === after[start]) start++;
  let end = 0;
  while (end < most - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end++;
  const file = quote(path);
  const middle = after.subarray(start, after.length - end);
  if (middle.length === 0 && end === 0) return [`truncate -s ${start} ${file}`];
  if (middle.length > 100_000) return [`# ${path} gets ${middle.length} other bytes: see the case`];
  const packed = () => `echo ${gzipSync(middle).toString('base64')} | base64 -d | gunzip`;
  const put = middle.length > 1000 ? packed() : bytesLine(middle);
  return [`{ head -c ${start} ${file}; ${put}; tail -c ${end} ${file}; } > damaged && mv damaged ${file}`];
}

function contentLine(content: Content): string {
  if (typeof content === 'string') return content === '' ? ':' : `printf %s ${quote(content)}`;
  if ('hex' in content) return bytesLine(Buffer.from(content.hex, 'hex'));
  const joined = content.repeat.endsWith('\n') ? '' : " | tr -d '\\n'";
  return `yes ${quote(content.repeat.replace(/\n$/, ''))} | head -n ${content.times}${joined}`;
}

/** Text that a shell can hold as text, and all else in base64. */
function bytesLine(bytes: Buffer): string {
  if (bytes.length === 0) return ':';
  const text = bytes.toString('latin1');
  if (/^[\x20-\x7e]+$/.test(text)) return `printf %s ${quote(text)}`;
  return `echo ${bytes.toString('base64')} | base64 -d`;
}

/** A command as lines of shell; `words` are its arguments after what does not apply was left out. */
export function commandLines(command: Command, words: readonly string[]): string[] {
  const env = Object.entries(command.env ?? {}).map(([name, value]) =>
    value === null ? `-u ${name}` : `${name}=${quote(value)}`,
  );
  const parts = [
    ...(env.length === 0 ? [] : ['env', ...env]),
    'node "$panx"',
    ...words.map(quote),
    ...(command.redirect === undefined ? [] : [command.redirect]),
  ];
  const piped = command.stdin === undefined ? '' : `${contentLine(command.stdin)} | `;
  const line = `${piped}${parts.join(' ')}`;
  const lines = [
    ...(command.cwd === undefined ? [] : [`cd ${quote(command.cwd)}`]),
    ...(command.shell === undefined ? [] : [command.shell]),
    line,
  ];
  const told = (command.signals ?? []).map(({ name, at }) => `${name} at ${at.toFixed(2)} of the time of a whole run`);
  return [
    ...(told.length === 0 ? [] : [`# with ${told.join(', ')}:`]),
    ...(lines.length === 1 ? lines : [`(${lines.join('; ')})`]),
    'echo "exit code $?"',
  ];
}

/** `changeJson` of json-change.ts as a program of its own; no single quote may be in it. */
const setJsonProgram = [
  'const fs = require("fs"), [file, place, value, header] = process.argv.slice(1), bytes = fs.readFileSync(file);',
  'const end = header ? 8 + Number(bytes.readBigUInt64LE(0)) : bytes.length;',
  'const text = bytes.subarray(header ? 8 : 0, end);',
  'const path = JSON.parse(place), root = JSON.parse(text), last = path.at(-1), mark = "\\u0001place\\u0001";',
  'const [kind, n] = value.split(" ");',
  'const long = () => JSON.stringify("x".repeat(n)), nested = () => "[".repeat(n) + "]".repeat(n);',
  'const raw = kind === "nested" ? nested() : kind === "long" ? long() : value;',
  'let json = raw; if (path.length) { let parent = root; for (const key of path.slice(0, -1)) parent = parent[key];',
  'if (value === "-") { if (Array.isArray(parent)) parent.splice(last, 1); else delete parent[last]; }',
  'else Object.defineProperty(parent, last, { value: mark, enumerable: true, configurable: true, writable: true });',
  'json = JSON.stringify(root, null, header ? 0 : 2).replace(JSON.stringify(mark), () => raw); }',
  'const length = Buffer.alloc(8); length.writeBigUInt64LE(BigInt(Buffer.byteLength(json)));',
  'fs.writeFileSync(file, header ? Buffer.concat([length, Buffer.from(json), bytes.subarray(end)]) : json);',
].join(' ');

/** What every script begins with, so that anyone can run it. */
export const preamble = [
  'panx=$PWD/dist/cli.js; sample=$PWD/sample   # in the repository, once it is built',
  'box=$(mktemp -d); cd "$box"; cp -r "$sample/model" "$sample/data" .; mkdir home tmp',
  'export HOME="$box/home" TMPDIR="$box/tmp" PANX_CACHE="$box/cache"',
  'export PANX_STORE="$box/cache/store" HF_HUB_OFFLINE=1',
  `setjson() { node -e '${setJsonProgram}' "$@"; }   # file, place, JSON text or - [, header of a safetensors file]`,
].join('\n');
