import { visible } from '../../system/visible.js';

/** Text of HTML that is complete in itself: tags are closed, and what comes from data is escaped. */
export interface Markup {
  readonly markup: string;
}

/** What may stand in a template: text is escaped, markup is not; null is nothing. */
export type Content = Markup | string | number | null | readonly Content[];

/**
 * HTML whose values are escaped unless they are markup themselves: html`<td>${word}</td>`. In attributes values stand between double quotes.
 * Characters that act without being seen are shown by their code points, as on a terminal.
 */
export function html(strings: TemplateStringsArray, ...values: Content[]): Markup {
  return { markup: strings.map((text, i) => text + (i < values.length ? markupOf(values[i]!) : '')).join('') };
}

function markupOf(value: Content): string {
  if (value === null) return '';
  if (Array.isArray(value)) return value.map(markupOf).join('');
  return typeof value === 'object' ? (value as Markup).markup : escaped(String(value));
}

function escaped(text: string): string {
  return visible(text).replace(/[&<>"']/g, character => entities[character]!);
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * A value as JSON that a script element may hold: nothing in it can end the element or begin a comment.
 *
 * @param id of the element
 */
export function jsonScript(id: string, value: unknown): Markup {
  const json = JSON.stringify(value).replaceAll('<', '\\u003c');
  return script(json, html` type="application/json" id="${id}"`);
}

/** A script element. @param text without what would end the element */
export function script(text: string, attributes: Markup = html``): Markup {
  if (/<\/script|<!--/i.test(text)) throw new Error('a script of the page would end before its end');
  // No template: bundlers rewrite templates with the end of a script in them.
  return { markup: `<script${attributes.markup}>${text}<${'/script>'}\n` };
}
