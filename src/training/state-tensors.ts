import type { TensorToWrite } from '../checkpoint/safetensors.js';
import type { TensorSource } from '../checkpoint/tensor-source.js';
import { readInPieces, type Variable } from '../kernels/variable.js';
import type { Parameter } from '../model/parameter.js';
import type { TokenClassifier } from '../model/token-classifier.js';
import { shown } from '../system/checked-json.js';
import type { InTraining } from './saved-state.js';

/** What a state has of each trainable parameter: its value, its two moments, and, where they are kept, the weights beside those in training. */
type Part = 'weights' | 'first' | 'second' | 'kept';

/** The name of a parameter in the state file; parts that are stacked on the device stay stacked. */
export function nameIn(part: Part, parameter: Parameter): string {
  return `${part}/${parameter.parts[0]!.name}`;
}

/** All tensors of a state. */
export function tensorsOfState({ optimizer, kept }: Pick<InTraining, 'optimizer' | 'kept'>): TensorToWrite[] {
  const trained = [...optimizer.moments].flatMap(([parameter, { first, second }]) => [
    toWrite('weights', parameter, parameter.variable),
    toWrite('first', parameter, first),
    toWrite('second', parameter, second),
  ]);
  return [...trained, ...[...(kept?.variables ?? [])].map(([parameter, values]) => toWrite('kept', parameter, values))];
}

/** In which way a file does not hold just the tensors of this model's state, in their shapes, in words; null where it does. */
export function faultOfTensors(
  { tensors }: Pick<TensorSource, 'tensors'>,
  { parameters }: TokenClassifier,
  isKept: boolean,
): string | null {
  const parts: Part[] = ['weights', 'first', 'second', ...(isKept ? (['kept'] as const) : [])];
  const expected = new Map(
    parameters
      .filter(({ trainable }) => trainable)
      .flatMap(parameter => parts.map(part => [nameIn(part, parameter), parameter.shape])),
  );
  const stray = [...tensors.keys()].find(name => !expected.has(name));
  if (stray !== undefined) return `it holds ${shown(stray)}, which is no part of a state`;
  for (const [name, shape] of expected) {
    const tensor = tensors.get(name);
    const found = tensor === undefined ? 'missing' : `${tensor.dtype} [${tensor.shape.join(', ')}]`;
    const wanted = `F32 [${shape.join(', ')}]`;
    if (found !== wanted) return `${name} is ${found}, expected ${wanted}`;
  }
  return null;
}

function toWrite(part: Part, parameter: Parameter, variable: Variable): TensorToWrite {
  return {
    name: nameIn(part, parameter),
    shape: parameter.shape,
    data: () => readInPieces(variable, 0, parameter.shape[0]!),
  };
}
