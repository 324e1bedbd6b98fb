import tf = require('@tensorflow/tfjs-core');

/** The label id that takes no part in loss or metric (torch.nn.CrossEntropyLoss's ignore_index). */
export const ignoredLabel = -100;

/**
 * Mean cross entropy over the tokens whose label is not ignored.
 *
 * @param logits (N, L)
 * @param labelIds (N) 0..L-1, or -100 to leave a token out
 * @returns the loss (a scalar; 0 where every label is ignored), and its gradient with respect to the logits (N, L).
 *
 * dlogits[n] = (softmax(logits[n]) - onehot(label)) / M for the M counted tokens, 0 for the others.
 */
export function crossEntropy(logits: tf.Tensor2D, labelIds: Int32Array): { loss: tf.Scalar; dLogits: tf.Tensor2D } {
  const [tokens, labels] = logits.shape;
  const counted = labelIds.reduce((count, label) => count + (label === ignoredLabel ? 0 : 1), 0);
  const weight = counted === 0 ? 0 : 1 / counted;
  const weights = new Float32Array(tokens);
  const targets = new Float32Array(tokens * labels);
  for (let token = 0; token < tokens; token++) {
    const label = labelIds[token]!;
    if (label === ignoredLabel) continue;
    weights[token] = weight;
    targets[token * labels + label] = weight;
  }
  return tf.tidy(() => {
    const weighted = tf.tensor2d(targets, [tokens, labels]); // (N, L) the one-hot labels times 1/M
    const shifted = tf.sub(logits, tf.max(logits, 1, true)); // (N, L)
    const exponentials = tf.exp(shifted); // (N, L)
    const total = tf.sum(exponentials, 1, true); // (N, 1)
    const loss = tf.sum(tf.mul(weighted, tf.sub(tf.log(total), shifted))) as tf.Scalar;
    const softmax = tf.div(exponentials, total); // (N, L)
    const dLogits = tf.sub<tf.Tensor2D>(tf.mul(softmax, tf.tensor2d(weights, [tokens, 1])), weighted);
    return { loss, dLogits };
  });
}
