import tf = require('@tensorflow/tfjs-core');

import { type EngineKernel, engineKernel, neededKernel } from './engine-kernel.js';

/**
 * A tensor that training changes in place. On TensorFlow it is a resource variable, so that an update needs no copy; elsewhere
 * a tensor that is replaced.
 */
export interface Variable {
  readonly shape: number[];
  /** The current value. Dispose it before the next update, which would otherwise copy the whole buffer, or, once `live` was asked for, change it. */
  read(): tf.Tensor;
  /** The same without `beforeRead`: for whoever has seen to what it needs of it. */
  peek(): tf.Tensor;
  /**
   * The value as it is at any time, as `peek` gives it: one tensor, which shows what panx's own updates make of it in its memory until the next
   * `assign`. Belongs to the variable. Null on engines that update otherwise.
   */
  live(): tf.Tensor | null;
  /** Whether `live` was asked for: updates then happen in its memory. */
  readonly isLive: boolean;
  /** Called by every `read`: brings about what is still to be done for the value. */
  beforeRead: (() => void) | null;
  /** Set the value; takes over the tensor. */
  assign(value: tf.Tensor): void;
  /** The resource handle for native update operations; null on other backends. */
  readonly handle: tf.Tensor | null;
  dispose(): void;
}

/** A variable holding `values`, or zeros where that is null. */
export function createVariable(values: Float32Array | null, shape: number[]): Variable {
  const create = engineKernel('PanxCreateVariable');
  const initial = values === null ? tf.fill(shape, 0) : tf.tensor(values, shape, 'float32');
  return create === null ? tensorVariable(initial) : engineVariable(create, initial, shape, values !== null);
}

function engineVariable(create: EngineKernel, initial: tf.Tensor, shape: number[], fromArray: boolean): Variable {
  const [handle] = create([], { shape });
  const assign = neededKernel('PanxAssignVariable');
  const readVariable = neededKernel('PanxReadVariable');
  let live: tf.Tensor | null = null;
  const endLive = () => {
    live?.dispose();
    live = null;
  };
  const variable: Variable = {
    shape,
    handle: tf.keep(handle!),
    beforeRead: null,
    read: () => {
      variable.beforeRead?.();
      return variable.peek();
    },
    peek: () => readVariable([handle!])[0]!,
    live: () => {
      if (engineKernel('PanxAdamW') !== null) live ??= tf.keep(variable.peek());
      return live;
    },
    get isLive() {
      return live !== null;
    },
    assign: value => {
      endLive();
      // A tensor made from an array may still lie in that array's memory, which updates in place must not write to.
      assign([handle!, value], { copy: true });
      value.dispose();
    },
    dispose: () => {
      endLive();
      neededKernel('PanxDisposeVariable')([handle!]);
      handle!.dispose();
    },
  };
  // Else it is the engine's own memory, which needs no copy: a moment is as large as its parameter.
  assign([handle!, initial], { copy: fromArray });
  initial.dispose();
  return variable;
}

/**
 * The rows [from, to) of a variable on the host, in pieces of some whole rows each: (rows, ...), one after the other. A table read whole would
 * be in memory twice over. The variable must not be updated before the last piece.
 */
export async function* readInPieces(variable: Variable, from: number, to: number): AsyncGenerator<Float32Array> {
  const rest = variable.shape.slice(1);
  const rows = Math.max(1, Math.floor(valuesOfPiece / rest.reduce((product, size) => product * size, 1)));
  const value = variable.read();
  try {
    for (let first = from; first < to; first += rows) {
      const piece = tf.slice(value, [first, ...rest.map(() => 0)], [Math.min(rows, to - first), ...rest]);
      const values = await piece.data<'float32'>();
      piece.dispose();
      yield values;
    }
  } finally {
    value.dispose();
  }
}

/** 4 MB. */
const valuesOfPiece = 1 << 20;

function tensorVariable(initial: tf.Tensor): Variable {
  let current = tf.keep(initial);
  return {
    shape: initial.shape,
    handle: null,
    beforeRead: null, // Only `rowUpdates` asks for it, which is for TensorFlow.
    read: () => tf.clone(current),
    peek: () => tf.clone(current),
    live: () => null,
    isLive: false,
    assign: value => {
      current.dispose();
      current = tf.keep(value);
    },
    dispose: () => current.dispose(),
  };
}
