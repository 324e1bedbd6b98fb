import type { Command } from 'commander';
import { parameterSpecs } from '../model/encoder.js';
import { knownEncoders } from '../model/known-encoders.js';
import { countParameters } from '../model/parameter-specs.js';
import { alignColumns } from '../reporting/text-table.js';
import { formatCount, print } from '../system/console.js';
import { addFormat, type FormatOptions, isJson, printJson } from './format.js';

/** panx encoders: what panx can fine-tune. */
export function define(command: Command): void {
  addFormat(command).action((options: FormatOptions) => {
    if (isJson(options)) printJson('encoders', rows());
    else print(text());
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

function text(): string {
  const left = (head: string) => ({ head, align: 'left' as const });
  const right = (head: string) => ({ head, align: 'right' as const });
  const columns = [
    left('encoder'),
    left('model_type'),
    right('layers'),
    right('hidden'),
    right('vocabulary'),
    right('parameters'),
  ];
  const cells = rows().map(({ encoder, modelType, ...numbers }) => {
    return [encoder, modelType, ...Object.values(numbers).map(formatCount)];
  });
  return `${alignColumns(columns, cells, Number.POSITIVE_INFINITY).join('\n')}

Parameters are those with a classifier of PAN-X's seven labels. Checkpoints of these model types (config.json) are trained
whatever their size and vocabulary.
`;
}
