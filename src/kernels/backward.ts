/**
 * What every kernel here returns: its output, and the function that turns the gradient of that output into the gradients of its
 * inputs (the manner of explosion/thinc). The function owns what the forward pass kept for it and frees it: call it at most once.
 *
 * A model's forward pass may be used without ever calling it (evaluation): then the surrounding `tf.tidy` frees what was kept.
 *
 * Legend of the shapes: N tokens of the batch (concatenated, no padding), B rows, T longest row, C hidden, H heads, D head size,
 * V vocabulary, L labels.
 */
export type WithBackward<Output, Gradients> = [output: Output, backward: (gradient: Output) => Gradients];
