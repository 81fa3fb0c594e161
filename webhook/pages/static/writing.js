// Reads the text of a reply as a phone shows it: bold, links, and the choices and keys it ends with.

import { make } from "./making.js";

const CHOICE = /^\*(\d{1,2})\* (.+)$/;
const WORD_CHOICE = /^- (.+)$/;
const DIGIT_KEY = /^([09]) (.+)$/;
const WORD_KEY = /^([A-ZÁÉÍÓÚÑ]{2,9}): (.+)$/;
const BOLD_OR_LINK = /(\*\S(?:[^*\n]*\S)?\*|https?:\/\/[^\s<>"]*[^\s<>".,;:!?)])/;

/**
 * A WhatsApp reply in three parts: `lines` of text, `choices` and `keys`.
 *
 * A choice is {number, label, id}, with the id that the bot offered behind its number. When the
 * bot answers without memory (`stateless`) there are neither: the label itself is sent. A key is {send, whole}. What only looks like a choice stays text.
 */
export function read(text, offered, stateless) {
  const lines = text.split("\n");
  const keys = lines.length > 1 ? keysOf(lines.at(-1)) : [];
  if (keys.length) lines.pop();
  const choices = stateless ? inWords(lines) : numbered(lines, offered);
  while (lines.at(-1) === "") lines.pop();
  return { lines, choices, keys };
}

function keysOf(line) {
  const keys = line.split("  ").map((part) => DIGIT_KEY.exec(part) ?? WORD_KEY.exec(part));
  return keys.every(Boolean) ? keys.map(([whole, send]) => ({ send, whole })) : [];
}

function numbered(lines, offered) {
  if (!offered.length) return [];
  const last = lines.slice(-offered.length).map((line) => CHOICE.exec(line));
  if (!last.every((found, index) => found && Number(found[1]) === index + 1)) return [];
  lines.length -= last.length;
  return last.map(([, number, label], index) => ({ number, label, id: offered[index].id }));
}

function inWords(lines) {
  const choices = [];
  while (lines.length > 1 && WORD_CHOICE.test(lines.at(-1))) {
    const [, label] = WORD_CHOICE.exec(lines.pop());
    choices.unshift({ number: "", label, id: "" });
  }
  return choices;
}

/** The text as WhatsApp draws it. Telephone numbers are no links: nobody should ring a help line by trying the bot. */
export function drawn(text) {
  return text.split(BOLD_OR_LINK).map((part) => {
    if (/^\*.*\*$/.test(part)) return make("strong", {}, part.slice(1, -1));
    if (/^https?:/.test(part)) return make("a", { href: part, rel: "noopener noreferrer", target: "_blank" }, part);
    return part;
  });
}

/** What a screen reader says of a message, sentence by sentence in reading order. */
export function spoken(text) {
  return text
    .split("\n")
    .flatMap((line) => keysOf(line).length ? line.split("  ") : [line])
    .map((line) => line.replace(CHOICE, "$1: $2").replace(DIGIT_KEY, "$1: $2").replace(WORD_CHOICE, "$1").replaceAll("*", "").trim())
    .filter(Boolean)
    .map((line) => /[.!?:]$/.test(line) ? line : `${line}.`);
}
