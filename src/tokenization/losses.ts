/** What each row lost on the way from words to subwords. Three arrays (rows). */
export interface RowLosses {
  /** Subwords cut off at maxLength. */
  cutSubwords: Int32Array;
  /** Words whose first subword was cut off. */
  cutWords: Int32Array;
  /** Words that give no subword. */
  emptyWords: Int32Array;
}

/** The same over all rows: the words, or parts of words, that a model does not see. */
export interface LossCounts {
  /** Rows that lost subwords: they were longer than maxLength, or, where rows are split, have a word that is. */
  truncatedRows: number;
  /** Words whose first subword was lost that way, so that they carry no label. */
  truncatedWords: number;
  /** Words that give no subword, left out or replaced by the unknown token. */
  emptyWords: number;
}

export function noLosses(rows: number): RowLosses {
  return { cutSubwords: new Int32Array(rows), cutWords: new Int32Array(rows), emptyWords: new Int32Array(rows) };
}

export function countLosses({ cutSubwords, cutWords, emptyWords }: RowLosses): LossCounts {
  return {
    truncatedRows: cutSubwords.reduce((rows, cut) => rows + (cut > 0 ? 1 : 0), 0),
    truncatedWords: cutWords.reduce((sum, words) => sum + words, 0),
    emptyWords: emptyWords.reduce((sum, words) => sum + words, 0),
  };
}

/** The counts alone; {} where nothing was lost, so that what says so may be left out. */
export function unseenIn({ truncatedRows, truncatedWords, emptyWords }: LossCounts): { unseen?: LossCounts } {
  return truncatedRows + emptyWords === 0 ? {} : { unseen: { truncatedRows, truncatedWords, emptyWords } };
}
