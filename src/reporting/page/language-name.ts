const names = new Intl.DisplayNames(['en'], { type: 'language', fallback: 'none' });

/** "Turkish" of tr; null of what is no known language code. Of a named corpus, `conll=de`, that of its language. */
export function languageName(lang: string): string | null {
  try {
    return names.of(codeOf(lang)) ?? null;
  } catch {
    return null;
  }
}

/** The code as the attribute `lang` of HTML takes it; null where it is no known one. */
export function htmlLanguage(lang: string): string | null {
  return languageName(lang) === null ? null : codeOf(lang);
}

function codeOf(lang: string): string {
  return lang.split('=').at(-1)!;
}
