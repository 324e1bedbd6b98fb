import type { Sentence } from './sentences.js';

/** What the page's script is told by the element `report-data`. The sentences of row set i lie in `rows-i`, as EncodedSentence[]. */
export interface PageData {
  /** The name of the report, for the names of files that are saved. */
  name: string;
  /** Tags by the order of their characters: see sentences.ts. */
  labels: string[];
  sets: RowSet[];
}

/** Rows with the predictions of one model. */
export interface RowSet {
  /** Name of the stage. */
  stage: string;
  /** The model and the rows as panx calls them: `study/stage-seed-42`, `tr/test:1000`. */
  model: string;
  rows: string;
  /** A language code, or the name of a file. */
  lang: string;
  /** For readers. */
  title: string;
  /** The language as HTML takes it; null where it has no such code. */
  htmlLang: string | null;
  sentences: number;
  /** Whether it is known what was seen in training. */
  knowsSeen: boolean;
}

/** A sentence of the list. */
export interface Listed {
  /** The number of its row set. */
  set: number;
  sentence: Sentence;
  /** From which its height is estimated. */
  characters: number;
  errors: number;
}
