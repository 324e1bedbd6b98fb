import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** A config.json as transformers writes it, of a model small enough for any test. */
export const exampleConfig: Record<string, unknown> = {
  architectures: ['XLMRobertaForMaskedLM'],
  model_type: 'xlm-roberta',
  vocab_size: 30,
  hidden_size: 8,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 12,
  hidden_act: 'gelu',
  hidden_dropout_prob: 0.1,
  attention_probs_dropout_prob: 0.2,
  classifier_dropout: null,
  max_position_embeddings: 20,
  type_vocab_size: 1,
  layer_norm_eps: 1e-5,
  initializer_range: 0.02,
  bos_token_id: 0,
  pad_token_id: 1,
  eos_token_id: 2,
  id2label: { 0: 'O', 1: 'B-PER', 2: 'I-PER' },
  label2id: { O: 0, 'B-PER': 1, 'I-PER': 2 },
};

/** A new empty folder for the test file that calls this, removed when its tests are done. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'panx-test-'));
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
