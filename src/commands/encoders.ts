import type { Command } from 'commander';
import { parameterSpecs } from '../model/encoder.js';
import { knownEncoders } from '../model/known-encoders.js';
import { countParameters } from '../model/parameter-specs.js';
import { renderTerminal } from '../reporting/render/terminal.js';
import { column, type Table } from '../reporting/table.js';
import { print } from '../system/console.js';
import { addFormat, type FormatOptions, isJson, printJson } from './format.js';

/** panx encoders: what panx can fine-tune. */
export function define(command: Command): void {
  addFormat(command).action((options: FormatOptions) => {
    if (isJson(options)) printJson('encoders', rows());
    else print(renderTerminal(table()));
  });
}

interface Row {
  encoder: string;
  modelType: string;
  layers: number;
  hiddenSize: number;
  vocabularySize: number;
  /** With a classifier of PAN-X's seven labels. */
  parameters: number;
}

function rows(): Row[] {
  return knownEncoders().map(({ id, config }) => ({
    encoder: id,
    modelType: config.architecture,
    layers: config.layers,
    hiddenSize: config.hiddenSize,
    vocabularySize: config.vocabularySize,
    parameters: countParameters(parameterSpecs(config)),
  }));
}

function table(): Table {
  return {
    title: '',
    facts: [],
    columns: [
      ...[column('encoder'), column('model_type')],
      ...['layers', 'hidden', 'vocabulary', 'parameters'].map(head => column(head, 'count')),
    ],
    rows: rows().map(row => Object.values(row)),
    notes: [
      "Parameters are those with a classifier of PAN-X's seven labels. Checkpoints of these model types (config.json) are trained",
      'whatever their size and vocabulary.',
    ],
  };
}
