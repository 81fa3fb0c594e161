// The page as a whole: who writes on which channel, what they send, and what is shown beside it.

import { Chat } from "./chat.js";
import * as inspector from "./inspector.js";
import { icon, make } from "./making.js";
import { clock, newPerson, shown } from "./people.js";
import { Undelivered, content, cost, deliver, examples, inbox, remembered, sign, tellRead } from "./wire.js";
import { language, preferred, say, speak } from "./words.js";
import { spoken } from "./writing.js";

const CONTENT_EVERY_MS = 2000;
const INBOX_EVERY_MS = 1500;
const CHANGED_SHOWN_MS = 15000;
const EXAMPLES_SHOWN = 4;
const SPOTS = [
  { label: "Chetumal", latitude: 18.5036, longitude: -88.3053, country: "MX" },
  { label: "Puente Subteniente López", latitude: 18.494, longitude: -88.393, country: "MX" },
  { label: "Bacalar", latitude: 18.677, longitude: -88.395, country: "MX" },
  { label: "Santa Elena", latitude: 18.484, longitude: -88.401, country: "BZ" },
  { label: "Corozal", latitude: 18.394, longitude: -88.388, country: "BZ" },
  { label: "Orange Walk", latitude: 18.081, longitude: -88.563, country: "BZ" },
];
const SHARED = [
  { media: "image", drawing: "image", word: "photo", sms: true },
  { media: "voice", drawing: "voice", word: "voice", sms: false },
  { media: "sticker", drawing: "sticker", word: "sticker", sms: false },
  { media: "contact", drawing: "contact", word: "contact", sms: true },
];

const place = (id) => document.getElementById(id);
const chat = new Chat(place("messages"), place("scroll"), { choose: send, retry });
const people = [newPerson()];
let person = people[0];
let channel = "whatsapp";
let queue = Promise.resolve();
let questions = {};
const known = { content: undefined, version: "", changedAt: 0 };

// --- conversations ---------------------------------------------------------------------------------------------

/** What was said between a person and us on a channel, and the last turn of it. */
function threadOf(someone, on) {
  someone.threads[on] ??= { items: [], last: null, state: null, after: "" };
  return someone.threads[on];
}

const current = () => threadOf(person, channel);

function who(someone, on) {
  return { number: someone.number, channel: on, withheld: on === "whatsapp" && place("withheld").checked };
}

/** Send something from the person on the screen. Messages leave one after the other, as from a phone. */
function send(parts) {
  const sent = { ...who(person, channel), stateless: place("stateless").checked, opt_out: place("opt-out").value || null, ...parts };
  place("opt-out").value = "";
  const item = { from: "person", at: new Date(), state: "sending", text: "", ...parts, sent, person, channel };
  add(current(), item);
  line(item);
}

function retry(item) {
  item.state = "sending";
  chat.changed(item);
  line(item);
}

function line(item) {
  queue = queue.then(() => travel(item));
}

async function travel(item) {
  const thread = threadOf(item.person, item.channel);
  const writing = { from: "writing" };
  try {
    const signed = await sign(item.sent);
    item.cost = signed.cost;
    item.state = "sent";
    chat.changed(item);
    if (item.channel === "whatsapp") chat.added(thread.items, writing);
    const reply = await deliver(signed);
    item.state = "answered";
    chat.removed(writing);
    await received(thread, item, signed, reply);
  } catch (error) {
    if (!(error instanceof Undelivered)) throw error;
    item.state = "failed";
    item.code = error.code;
  } finally {
    chat.removed(writing);
    chat.changed(item);
  }
}

async function received(thread, item, signed, { twiml, text }) {
  thread.state = await remembered(item.sent.stateless ? who(item.person, item.channel) : whoOf(item.sent));
  thread.last = { signed, twiml, text };
  const stateless = item.sent.stateless || thread.state.store !== "ok";
  if (text === null) add(thread, { from: "note", outcome: signed.decision.outcome });
  else {
    const offered = stateless ? [] : thread.state.session?.offered ?? [];
    const counted = item.channel === "sms" ? await cost(text) : null;
    add(thread, { from: "hub", at: new Date(), text, offered, stateless, cost: counted, language: signed.decision.language });
  }
  if (thread === current()) {
    inspector.show(thread.last, thread.state);
    place("again").disabled = false;
    announce(text, signed.decision.language);
  }
}

/** Look for what has come other than as a reply: from an advisor, or how a request for one stands. */
async function lookIntoInbox() {
  const thread = current();
  const [someone, on] = [person, channel];
  const { messages, state } = await inbox({ ...who(someone, on), after: thread.after });
  const before = thread.state;
  thread.state = state;
  for (const message of messages) arrived(thread, message);
  if (thread === current() && (messages.length || mark(before) !== mark(state))) inspector.show(thread.last, state);
}

function arrived(thread, { id, text, at_s: at, cost: counted, receipt }) {
  if (thread.items.some((item) => item.id === id)) return; // two looks that crossed
  const { session, prefs } = thread.state;
  const item = { from: "hub", id, at: new Date(at * 1000), text, offered: session?.offered ?? [], cost: counted, language: prefs?.language ?? "", state: "delivered" };
  thread.after = id;
  add(thread, item);
  if (thread === current()) announce(text, item.language);
  if (receipt) read(item, receipt);
}

async function read(item, receipt) {
  try {
    await tellRead(receipt);
    item.state = "read";
    chat.changed(item);
  } catch (error) {
    if (!(error instanceof Undelivered)) throw error;
  }
}

/** What tells two states of memory apart, the seconds left aside. */
const mark = (state) => JSON.stringify([state?.store, state?.person, state?.session?.version, state?.session?.owner, state?.prefs]);

const whoOf = ({ number, channel: on, withheld }) => ({ number, channel: on, withheld });

/** Deliver the last message once more, exactly as it was. */
async function again(thread) {
  const { signed } = thread.last;
  const reply = await deliver(signed);
  thread.state = await remembered(who(person, channel));
  const before = thread.items.findLast((item) => item.from === "hub");
  add(thread, { from: "note", key: "repeated" });
  if (reply.text !== null && before) add(thread, { ...before, at: new Date(), text: reply.text });
  if (thread === current()) inspector.show(thread.last, thread.state);
}

function add(thread, item) {
  thread.items.push(item);
  chat.added(thread.items, item);
}

/** Say a reply to whoever listens instead of looking. */
function announce(text, inLanguage) {
  const region = place("live");
  region.lang = inLanguage || "";
  const words = `${say("hub")}: ${text === null ? say("silence_spoken") : spoken(text).join(" ")}`;
  region.textContent = ""; // the same words twice are two replies
  setTimeout(() => { region.textContent = words; }, 50);
}

// --- what is on the screen -------------------------------------------------------------------------------------

/** Everything that depends on the person, the channel or the page's language. */
async function show() {
  const thread = current();
  place("phone").dataset.channel = channel;
  place("chat-subtitle").textContent = say(channel === "sms" ? "sms_subtitle" : "business");
  place("phone-time").textContent = clock(person, new Date(), language());
  place("again").disabled = !thread.last;
  closeSheet();
  drawPeople();
  drawTries();
  drawSheet();
  chat.show(person, channel, thread.items);
  inspector.show(thread.last, thread.state);
  try {
    thread.state = await remembered(who(person, channel));
    if (thread === current()) inspector.show(thread.last, thread.state);
  } catch (error) {
    if (!(error instanceof Undelivered)) throw error;
  }
}

function drawPeople() {
  const choices = people.map((one) => make("option", { value: one.name, selected: one === person }, `${shown(one.number)} · ${say(`side_${one.country}`)}`));
  place("person").replaceChildren(...choices);
}

function drawTries() {
  const asked = (questions[language()] ?? []).slice(0, EXAMPLES_SHOWN).map((words) => ({ words }));
  const always = ["sos", "exit", "delete"].map((key) => ({ words: say(`try_${key}`), means: say(`try_${key}_means`) }));
  const chips = [{ words: say("try_hello") }, ...asked, { words: say("try_danger"), kind: "danger" }, ...always];
  place("tries").replaceChildren(...chips.map(chip));
}

function chip({ words, means, kind = "" }) {
  const meaning = means ? make("span", { class: "means" }, means) : null;
  return make("button", { type: "button", class: `chip ${kind}`, click: () => trySaying(words) }, words, meaning);
}

function trySaying(text) {
  place("phone").scrollIntoView({ block: "nearest" });
  send({ text });
}

function drawSheet() {
  const kinds = SHARED.filter(({ sms }) => sms || channel === "whatsapp");
  const kind = ({ media, drawing, word }) => make("button", { type: "button", class: `kind ${media}`, click: () => share({ media }) }, icon(drawing), make("span", {}, say(word)));
  place("sheet-kinds").replaceChildren(...kinds.map(kind));
  place("sheet-spots").hidden = channel === "sms";
  const spot = ({ country, ...where }) => make("button", { type: "button", class: "spot", click: () => share({ spot: where }) }, icon("pin"), make("span", {}, where.label), make("abbr", {}, country));
  place("spots").replaceChildren(...SPOTS.map(spot));
}

function share(parts) {
  closeSheet();
  send(parts);
  place("text").focus({ preventScroll: true });
}

function closeSheet() {
  place("sheet").hidden = true;
  place("attach").setAttribute("aria-expanded", "false");
  place("attach").setAttribute("aria-label", say("attach"));
}

function openSheet() {
  place("sheet").hidden = false;
  place("attach").setAttribute("aria-expanded", "true");
  place("attach").setAttribute("aria-label", say("close_sheet"));
  place("sheet").querySelector("button").focus();
}

function shuffled(items) {
  return items.map((item) => [Math.random(), item]).sort(([one], [other]) => one - other).map(([, item]) => item);
}

// --- what can be done ------------------------------------------------------------------------------------------

function sendText() {
  const text = place("text").value;
  if (!text.trim()) return;
  place("text").value = "";
  fitText();
  send({ text });
}

/** Let the field grow with what is written. */
function fitText() {
  const field = place("text");
  field.style.height = "auto";
  field.style.height = `${Math.min(field.scrollHeight, 120)}px`;
}

place("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  sendText();
});
place("text").addEventListener("input", fitText);
place("text").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  sendText();
});
place("attach").addEventListener("click", () => (place("sheet").hidden ? openSheet() : closeSheet()));
place("phone").addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || place("sheet").hidden) return;
  closeSheet();
  place("attach").focus();
});
place("coordinates").addEventListener("submit", (event) => {
  event.preventDefault();
  const [latitude, longitude] = ["latitude", "longitude"].map((id) => Number(place(id).value.replace(",", ".") || NaN));
  const onEarth = Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180;
  place("coordinates-complaint").textContent = onEarth ? "" : say("bad_coordinates");
  if (onEarth) share({ spot: { latitude, longitude, label: "" } });
});
place("channel").addEventListener("change", (event) => {
  channel = event.target.value;
  show();
});
place("person").addEventListener("change", (event) => {
  person = people.find((one) => one.name === event.target.value);
  show();
});
place("new-person").addEventListener("click", () => {
  person = newPerson();
  people.push(person);
  show();
});
place("other-questions").addEventListener("click", () => {
  questions[language()] = shuffled(questions[language()] ?? []);
  drawTries();
});
place("again").addEventListener("click", () => {
  const thread = current();
  queue = queue.then(() => again(thread)).catch(() => {});
});
place("page-language").addEventListener("change", (event) => {
  speak(event.target.value);
  show();
  drawContent();
});

// --- the content, which editors change while they look ---------------------------------------------------------

async function followContent() {
  if (document.visibilityState === "visible") {
    try {
      known.content = await content();
      if (known.version && known.version !== known.content.version) known.changedAt = Date.now();
      known.version = known.content.version;
    } catch {
      known.content = null;
    }
    drawContent();
  }
  setTimeout(followContent, CONTENT_EVERY_MS);
}

async function followInbox() {
  if (document.visibilityState === "visible") {
    try {
      await lookIntoInbox();
    } catch (error) {
      if (!(error instanceof Undelivered)) throw error; // it is asked again in a moment
    }
  }
  setTimeout(followInbox, INBOX_EVERY_MS);
}

function drawContent() {
  if (known.content !== undefined) inspector.showContent(known.content, Date.now() - known.changedAt < CHANGED_SHOWN_MS);
}

async function loadExamples() {
  try {
    const found = await examples();
    questions = Object.fromEntries(Object.entries(found).map(([name, asked]) => [name, shuffled(asked)]));
    drawTries();
  } catch {
    questions = {};
  }
}

speak(preferred());
document.querySelector(`#page-language [value="${language()}"]`).checked = true;
show();
loadExamples();
followContent();
followInbox();
setInterval(() => { place("phone-time").textContent = clock(person, new Date(), language()); }, 15000);
