import { PanxError } from '../../errors.js';

/** What panx reads of a SentencePiece model (sentencepiece_model.proto; Kudo and Richardson 2018). */
export interface SentencePieceModel {
  pieces: Piece[];
  /** 1 Unigram, 2 BPE, 3 words, 4 characters. */
  modelType: number;
  unkId: number;
  /** How characters are normalised, as SentencePiece compiles it; empty where they stay. */
  charsMap: Uint8Array;
}

export interface Piece {
  piece: string;
  score: number;
  type: number;
}

/** Types of pieces. */
export const pieceType = { unknown: 2, control: 3, userDefined: 4 } as const;

/**
 * Read a model in the encoding of Protocol Buffers. Every length is checked against what is there. Fields that panx does not know are skipped.
 *
 * @throws PanxError naming the file where it is not such a model
 */
export function readSentencePieceModel(bytes: Uint8Array, path: string): SentencePieceModel {
  const model: SentencePieceModel = { pieces: [], modelType: 1, unkId: 0, charsMap: new Uint8Array() };
  const specs = new Set<number>();
  try {
    for (const field of fieldsOf(bytes)) {
      if (field.wire !== wire.bytes) continue;
      const part = field.bytes;
      specs.add(field.number);
      if (field.number === 1) model.pieces.push(pieceOf(part, model.pieces.length));
      else if (field.number === 2) readTrainerSpec(part, model);
      else if (field.number === 3) readNormalizerSpec(part, model);
    }
    checkPieces(model.pieces);
    // They come after the pieces: without them it would be taken for a model without a map of characters.
    if (!specs.has(2) || !specs.has(3)) throw new Flaw('it ends before it says how it was trained and normalises text');
  } catch (error) {
    if (!(error instanceof Flaw)) throw error;
    throw new PanxError(`${path} is not a SentencePiece model that can be read: ${error.message}.`, {
      hint: 'Copy it again from the model that it belongs to.',
    });
  }
  return model;
}

/** Why bytes are no model, as a clause. */
class Flaw extends Error {}

function pieceOf(bytes: Uint8Array, id: number): Piece {
  const piece: Piece = { piece: '', score: 0, type: 1 };
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1 && field.wire === wire.bytes) piece.piece = textOf(field.bytes, id);
    else if (field.number === 2 && field.wire === wire.fixed32) piece.score = float32(field.bytes);
    else if (field.number === 3 && field.wire === wire.varint) piece.type = field.int32;
  }
  return piece;
}

/** SentencePiece itself refuses the same. */
function checkPieces(pieces: readonly Piece[]): void {
  if (pieces.length === 0) throw new Flaw('it has no pieces');
  const seen = new Set<string>();
  for (const [id, { piece, score }] of pieces.entries()) {
    if (piece === '') throw new Flaw(`piece ${id} is empty`);
    if (seen.has(piece)) throw new Flaw(`it has ${JSON.stringify(piece.slice(0, 40))} twice, again as piece ${id}`);
    if (!Number.isFinite(score)) throw new Flaw(`piece ${id} has a score that is no finite number`);
    seen.add(piece);
  }
  const unknown = pieces.filter(({ type }) => type === pieceType.unknown).length;
  if (unknown !== 1) throw new Flaw(`it has ${unknown} pieces for what is unknown, expected 1`);
}

function readTrainerSpec(bytes: Uint8Array, model: SentencePieceModel): void {
  for (const field of fieldsOf(bytes)) {
    if (field.wire !== wire.varint) continue;
    if (field.number === 3) model.modelType = field.int32;
    else if (field.number === 40) model.unkId = field.int32;
  }
}

function readNormalizerSpec(bytes: Uint8Array, model: SentencePieceModel): void {
  for (const field of fieldsOf(bytes)) {
    if (field.number === 2 && field.wire === wire.bytes) model.charsMap = field.bytes;
  }
}

const wire = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

interface Field {
  number: number;
  wire: number;
  /** Of a number its last 32 bits; else 0. */
  int32: number;
  /** Of any other field; of a number none. */
  bytes: Uint8Array;
}

const noBytes = new Uint8Array();

function* fieldsOf(bytes: Uint8Array): Generator<Field> {
  let at = 0;
  let low = 0;
  while (at < bytes.length) {
    const key = varint();
    const number = Math.floor(key / 8);
    const form = key % 8;
    if (number < 1 || number > 2 ** 29 - 1) throw new Flaw(`it has a field number ${number}`);
    if (form === wire.varint) {
      varint();
      yield { number, wire: form, int32: low, bytes: noBytes };
    } else if (form === wire.fixed64) yield { number, wire: form, int32: 0, bytes: take(8) };
    else if (form === wire.bytes) yield { number, wire: form, int32: 0, bytes: take(varint()) };
    else if (form === wire.fixed32) yield { number, wire: form, int32: 0, bytes: take(4) };
    else throw new Flaw(`it has a field of the form ${form}, which no such model has`);
  }

  function take(length: number): Uint8Array {
    if (length > bytes.length - at) throw new Flaw(`it ends within a field of ${length} bytes`);
    at += length;
    return bytes.subarray(at - length, at);
  }

  /** Seven bits a byte, the lowest first; more than 53 bits only roughly, and the last 32 in `low`. */
  function varint(): number {
    let value = 0;
    low = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (at === bytes.length) throw new Flaw('it ends within a number');
      const byte = bytes[at++]!;
      value += (byte & 127) * 2 ** shift;
      if (shift < 32) low |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
    throw new Flaw('it has a number of more than 10 bytes');
  }
}

function float32(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getFloat32(0, true);
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function textOf(bytes: Uint8Array, id: number): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new Flaw(`piece ${id} is not UTF-8 text`);
  }
}
