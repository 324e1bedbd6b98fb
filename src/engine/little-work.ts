import type { Config } from '../config/schema.js';

/**
 * The backend for work that is done once. Starting TensorFlow takes 0.25 s longer than starting WebAssembly, in which that one does
 * little work: `auto` takes WebAssembly for it, wherever TensorFlow is provisioned or not. The rule looks at nothing but the
 * settings and the amount of work, so the same command always takes the same engine.
 *
 * @param multiplyAdds of the work: weights of the encoder times subwords
 */
export function backendForWork(
  { backend, precision }: Pick<Config, 'backend' | 'precision'>,
  multiplyAdds: number,
): Config['backend'] {
  const needsTensorflow = precision === 'bf16';
  return backend === 'auto' && !needsTensorflow && multiplyAdds <= littleWork ? 'wasm' : backend;
}

/**
 * On two cores the engines were even at 3 to 4 times this: 10 sentences on 4 layers of 256, 60 on 2 layers of 128. One sentence on XLM-R
 * base is 10 times this, and TensorFlow had it a second earlier.
 */
const littleWork = 100_000_000;
