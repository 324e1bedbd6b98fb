import { doubleField, floatField, integerField, messageField, textField } from './protobuf.js';

/**
 * The messages of an event file, as TensorFlow's event.proto and summary.proto and the HParams plugin's plugin_data.proto have them. The
 * numbers of the fields are theirs. Each function gives the bytes of one Event.
 */

export interface Scalar {
  tag: string;
  value: number;
}

/** Values of a session's hyperparameters, by name. */
export type Hparams = Readonly<Record<string, string | number | boolean>>;

/** The first event of a file: which version of the format it has. @param wallTime seconds since 1970, of this and all others */
export function versionEvent(wallTime: number): Buffer {
  return Buffer.concat([doubleField(1, wallTime), textField(3, 'brain.Event:2')]);
}

/** Scalars of one step. Charts show them as float32. */
export function scalarsEvent(wallTime: number, step: number, scalars: readonly Scalar[]): Buffer {
  const values = scalars.map(({ tag, value }) => messageField(1, [textField(1, tag), floatField(2, value)]));
  const stepField = step === 0 ? [] : [integerField(2, step)];
  return Buffer.concat([doubleField(1, wallTime), ...stepField, messageField(5, values)]);
}

/** Of the HParams plugin: that a session began, with its hyperparameters. Sessions of one group are shown as one, with the mean of their scores. */
export function sessionStartEvent(wallTime: number, groupName: string, hparams: Hparams): Buffer {
  const entries = Object.entries(hparams)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => messageField(1, [textField(1, name), messageField(2, [hparamValue(value)])]));
  const info = messageField(3, [...entries, textField(4, groupName), doubleField(5, wallTime)]);
  return hparamsEvent(wallTime, '_hparams_/session_start_info', info);
}

export type SessionStatus = 'success' | 'failure';

/** Of the HParams plugin: that a session ended, and how. */
export function sessionEndEvent(wallTime: number, status: SessionStatus): Buffer {
  const info = messageField(4, [integerField(1, status === 'success' ? 1 : 2), doubleField(2, wallTime)]);
  return hparamsEvent(wallTime, '_hparams_/session_end_info', info);
}

/** google.protobuf.Value */
function hparamValue(value: Hparams[string]): Buffer {
  switch (typeof value) {
    case 'number':
      return doubleField(2, value);
    case 'string':
      return textField(3, value);
    case 'boolean':
      return integerField(4, value ? 1 : 0);
  }
}

/** A summary whose content is in its metadata alone. TensorBoard wants a tensor beside it: one of float32 and shape (0), as it writes itself. */
function hparamsEvent(wallTime: number, tag: string, content: Uint8Array): Buffer {
  const metadata = messageField(9, [messageField(1, [textField(1, 'hparams'), messageField(2, [content])])]);
  const tensor = messageField(8, [integerField(1, 1), messageField(2, [messageField(2, [])])]);
  return Buffer.concat([
    doubleField(1, wallTime),
    messageField(5, [messageField(1, [textField(1, tag), tensor, metadata])]),
  ]);
}
