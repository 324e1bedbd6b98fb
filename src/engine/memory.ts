import tf = require('@tensorflow/tfjs-core');

/**
 * Give the process's free memory to the system, once something large was let go. Without it the process stays as large as it ever was: after
 * XLM-R's tokenizer 300 MB, of which training can use little, as it lies in small pieces. Does nothing where panx's own operations are not loaded.
 */
export function returnFreeMemory(): void {
  tf.getKernel('PanxReturnMemory', tf.getBackend())?.kernelFunc({ inputs: {}, attrs: {}, backend: tf.backend() });
}
