// Draws a conversation on the phone: what a person sent, what came back, and what was left unsaid.

import { icon, make, unseen } from "./making.js";
import { clock } from "./people.js";
import { language, outcome, say } from "./words.js";
import { drawn, read } from "./writing.js";

const MOST_BUTTONS = 3; // WhatsApp draws up to three choices as buttons, more as a list
const MOST_OF_QUESTION_PX = 140; // a question up to this height stays in view above a long reply

/** The chat on the screen. `act.choose(parts)` sends what was tapped, `act.retry(item)` sends a lost message again. */
export class Chat {
  constructor(list, scroller, act) {
    this.list = list;
    this.scroller = scroller;
    this.act = act;
    this.drawings = new Map();
  }

  /** Put a whole conversation on the screen. */
  show(person, channel, items) {
    this.person = person;
    this.channel = channel;
    this.items = items;
    this.drawings.clear();
    this.list.replaceChildren(this.#beginning());
    for (const item of items) this.#append(item);
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  /** Draw what was added to a conversation, if that is the one on the screen. */
  added(items, item) {
    if (items !== this.items) return;
    const made = this.#append(item);
    const asked = made.previousElementSibling;
    const first = asked.matches(".mine") && asked.offsetHeight < MOST_OF_QUESTION_PX ? asked : made;
    const isTall = made.offsetTop + made.offsetHeight - first.offsetTop > this.scroller.clientHeight - 24;
    const top = isTall ? first.offsetTop - 12 : this.scroller.scrollHeight; // a long reply is read from its beginning
    this.scroller.scrollTo({ top, behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  }

  /** Draw anew what has changed. */
  changed(item) {
    const before = this.drawings.get(item);
    if (!before) return;
    const made = this.#drawing(item);
    before.replaceWith(made);
    this.drawings.set(item, made);
  }

  /** Take away what was only there for a moment. */
  removed(item) {
    this.drawings.get(item)?.remove();
    this.drawings.delete(item);
  }

  #append(item) {
    const made = this.#drawing(item);
    this.drawings.set(item, made);
    this.list.append(made);
    return made;
  }

  #beginning() {
    const hint = say(this.channel === "sms" ? "chat_empty_sms" : "chat_empty_whatsapp");
    return make("li", { class: "beginning" }, make("span", { class: "day" }, say("today")), make("p", {}, hint));
  }

  #drawing(item) {
    if (item.from === "note") return this.#note(item);
    if (item.from === "writing") return make("li", { class: "message theirs writing" }, dots());
    return item.from === "person" ? this.#sent(item) : this.#reply(item);
  }

  #note(item) {
    const words = item.outcome ? `${say("silent")}. ${outcome(item.outcome)}.` : say(item.key);
    return make("li", { class: "note" }, words);
  }

  #sent(item) {
    const isSms = this.channel === "sms";
    const body = [media(item), item.text ? make("p", { class: "words" }, isSms ? pieces(item.cost, item.text) : drawn(item.text)) : null];
    const bubble = make("div", { class: "bubble" }, unseen(`${say("you")}: `), body, this.#meta(item, isSms ? null : tick(item.state)));
    return make("li", { class: `message mine ${item.state}` }, bubble, isSms && item.cost?.units ? cost(item.cost) : null, this.#failure(item));
  }

  #failure(item) {
    if (item.state !== "failed") return null;
    const words = item.code ? say("refused", { code: item.code }) : say("failed");
    const retry = make("button", { type: "button", class: "link", click: () => this.act.retry(item) }, say("retry"));
    return make("p", { class: "failure", role: "alert" }, words, " ", retry);
  }

  #reply(item) {
    const isSms = this.channel === "sms";
    const body = isSms ? make("p", { class: "words" }, pieces(item.cost, item.text)) : this.#interactive(item);
    const bubble = make("div", { class: "bubble", lang: item.language || null }, unseen(`${say("hub")}: `), body, this.#meta(item, item.state && !isSms ? tick(item.state) : null));
    return make("li", { class: "message theirs" }, bubble, isSms ? cost(item.cost) : null);
  }

  #interactive(item) {
    const { lines, choices, keys } = read(item.text, item.offered, item.stateless);
    const tap = (parts) => () => this.act.choose(parts);
    const choice = ({ number, label, id }) => {
      const parts = { text: label, tapped: id, from_list: choices.length > MOST_BUTTONS };
      const mark = number ? make("span", { class: "number" }, number) : null;
      return make("li", {}, make("button", { type: "button", class: "choice", click: tap(parts) }, mark, make("span", {}, label)));
    };
    const key = ({ send, whole }) => make("button", { type: "button", class: "key", click: tap({ text: send }) }, whole);
    return [
      make("p", { class: "words" }, drawn(lines.join("\n"))),
      choices.length ? make("ol", { class: "choices" }, choices.map(choice)) : null,
      keys.length ? make("div", { class: "keys" }, keys.map(key)) : null,
    ];
  }

  #meta(item, mark) {
    const time = make("time", { datetime: item.at.toISOString() }, clock(this.person, item.at, language()));
    return make("span", { class: "meta" }, time, mark);
  }
}

function tick(state) {
  const drawing = { sending: "clock", sent: "tick", answered: "ticks", delivered: "ticks", read: "ticks", failed: "clock" }[state];
  return make("span", { class: `tick-mark ${state}` }, icon(drawing), unseen(state === "failed" ? "" : `, ${say(state)}`));
}

function dots() {
  return make("div", { class: "bubble dots" }, make("i"), make("i"), make("i"), unseen(say("writing")));
}

/** A text with a mark wherever a billed segment ends. */
function pieces(counted, text) {
  if (!counted || counted.segments.length < 2) return [text];
  const of = counted.segments.length;
  return counted.segments.map((segment, index) => make("span", { class: "piece" },
    segment, make("span", { class: "cut", "aria-hidden": "true" }, `${index + 1}/${of}`)));
}

function cost(counted) {
  const characters = say(counted.units === 1 ? "characters_one" : "characters_other", { n: counted.units });
  const values = { n: counted.segments.length, encoding: counted.encoding, characters };
  return make("p", { class: `cost ${counted.encoding === "UCS-2" ? "dear" : ""}` }, say("sms_cost", values));
}

/** A picture of what was sent besides words. */
function media(item) {
  if (item.spot) {
    const { latitude, longitude, label } = item.spot;
    const where = `${latitude.toFixed(4)}, ${longitude.toFixed(4)}`;
    return make("div", { class: "shared map" }, make("span", { class: "map-picture" }, icon("pin")), make("strong", {}, label || where), label ? make("span", {}, where) : null);
  }
  if (!item.media) return null;
  const [drawing, word] = { image: ["image", "photo"], voice: ["voice", "voice"], sticker: ["sticker", "sticker"], contact: ["contact", "contact"] }[item.media];
  const wave = item.media === "voice" ? icon("wave", "wave") : null;
  return make("div", { class: `shared ${item.media}` }, icon(drawing), wave, make("span", {}, item.media === "voice" ? "0:07" : say(word)), item.media === "voice" ? unseen(say(word)) : null);
}
