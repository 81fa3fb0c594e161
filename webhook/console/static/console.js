// The console in a browser: merges what a poll brings without touching what somebody is writing, keeps drafts, tells of
// new chats by sound, title and notification, and knows the keys. No words of a chat go into a notification or a sound.
"use strict";

const $ = (selector, within = document) => within.querySelector(selector);
const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
const kept = (name, fallback) => { try { return localStorage.getItem(name) ?? fallback; } catch { return fallback; } };
const keep = (name, value) => { try { localStorage.setItem(name, value); } catch { /* a private window */ } };

// --- merging ---------------------------------------------------------------------------------------------------------
// Each part of a page that changes has an id and `data-merge`, each piece in it a `data-key`. A piece is replaced only if
// the server now writes it otherwise, so an open photo, a playing voice note, the focus and the place one reads stay.

const written = new WeakMap();

function remember(part) {
  for (const piece of part.children) written.set(piece, piece.outerHTML);
}

function mergeInto(part, fresh) {
  const fromEnd = part.scrollHeight - part.scrollTop - part.clientHeight;
  for (const { name, value } of fresh.attributes) if (part.getAttribute(name) !== value) part.setAttribute(name, value);
  for (const { name } of [...part.attributes]) if (!fresh.hasAttribute(name)) part.removeAttribute(name);
  const before = new Map([...part.children].map((piece) => [piece.dataset.key, piece]));
  const added = [];
  let place = part.firstElementChild;
  for (const piece of [...fresh.children]) {
    const html = piece.outerHTML;
    const old = before.get(piece.dataset.key);
    if (old && written.get(old) === html) {
      if (old === place) place = place.nextElementSibling;
      else part.insertBefore(old, place);
      before.delete(piece.dataset.key);
      continue;
    }
    const focused = old?.contains(document.activeElement) ? document.activeElement : null;
    const address = focused && (focused.id ? `#${CSS.escape(focused.id)}` : focused.getAttribute("href") && `[href="${CSS.escape(focused.getAttribute("href"))}"]`);
    written.set(piece, html);
    part.insertBefore(piece, place);
    if (old) {
      if (old === place) place = old.nextElementSibling;
      old.remove();
      before.delete(piece.dataset.key);
      if (focused) (focused === old ? piece : (address && $(address, piece)) || null)?.focus({ preventScroll: true });
    }
    added.push(piece);
  }
  for (const gone of before.values()) gone.remove();
  if (part.hasAttribute("data-scrolls") && added.length && fromEnd < 120) part.scrollTop = part.scrollHeight;
  return added;
}

function startMerging() {
  htmx.defineExtension("merge", {
    isInlineSwap: (style) => style === "merge",
    handleSwap(style, target, fragment) {
      if (style !== "merge") return false;
      const added = [];
      const log = $("#log");
      const follows = log && log.scrollHeight - log.scrollTop - log.clientHeight < 120;
      for (const fresh of fragment.querySelectorAll("[data-merge]")) {
        const part = document.getElementById(fresh.id);
        if (part) added.push(...mergeInto(part, fresh));
      }
      document.dispatchEvent(new CustomEvent("merged", { detail: { added } }));
      if (follows && added.length) log.scrollTop = log.scrollHeight;  // what stands below the log may have grown
      return added.length ? added : [target];
    },
  });
  $$("[data-merge]").forEach(remember);
}

// --- asking ----------------------------------------------------------------------------------------------------------

const tags = new Map();
const shown = { tab: "" };  // the list that is shown since an advisor took the chat; "" for that of the address

function showTab(tab) {
  if (!tab) return;
  shown.tab = tab;
  const address = new URL(location.href);
  address.searchParams.set("tab", tab);
  history.replaceState(null, "", address);
  htmx.trigger(".lists", "follow");
  htmx.trigger("#follow", "follow");
}

function startAsking() {
  document.addEventListener("htmx:configRequest", ({ detail }) => {
    if (shown.tab && detail.elt.hasAttribute("data-poll")) {
      const asked = new URL(detail.path, location.href);
      asked.searchParams.set("tab", shown.tab);
      detail.path = asked.pathname + asked.search;
    }
    if (detail.verb === "get" && tags.has(detail.path)) detail.headers["If-None-Match"] = tags.get(detail.path);
  });
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    const { xhr, requestConfig } = event.detail;
    if (xhr.status === 401) {
      event.preventDefault();  // whoever is logged out stays on the page, and keeps the draft
      $("#away").hidden = false;
      return;
    }
    const tag = xhr.status === 200 && xhr.getResponseHeader("ETag");
    if (requestConfig.verb === "get" && tag) tags.set(requestConfig.path, tag);
  });
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (detail.xhr.status) $("#offline").hidden = detail.xhr.status < 500;
    if (!detail.elt.hasAttribute("data-poll")) tags.clear();
  });
  for (const failure of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(failure, () => { $("#offline").hidden = false; });
  }
}

// --- writing ---------------------------------------------------------------------------------------------------------

const drafts = {
  name: (ticket) => `draft:${document.body.dataset.user}:${ticket}`,
  read(ticket) { try { return JSON.parse(sessionStorage.getItem(this.name(ticket)) || "null"); } catch { return null; } },
  write(ticket, draft) {
    try {
      if (draft) sessionStorage.setItem(this.name(ticket), JSON.stringify(draft));
      else sessionStorage.removeItem(this.name(ticket));
    } catch { /* a private window */ }
  },
};

function startWriting() {
  const form = $("#reply");
  if (!form) return;
  const ticket = $("[data-ticket]").dataset.ticket;
  const text = $("#text");
  const kind = () => form.elements.kind.value;
  const fit = () => { text.style.height = "auto"; text.style.height = `${Math.min(text.scrollHeight + 2, innerHeight * 0.3)}px`; };
  const show = () => {
    const can = $("#chat-head").dataset.can;
    form.dataset.can = can;
    form.dataset.kind = kind();
    if ($("#chat-head").hasAttribute("data-erased")) text.value = "";  // whoever erased a chat erased what was said of it
    form.hidden = can === "nothing" && !text.value;
    $("#send").disabled = kind() === "note" ? can === "nothing" : can !== "write";
    fit();
  };
  const save = () => drafts.write(ticket, text.value || kind() === "note" ? { text: text.value, kind: kind(), nonce: form.elements.nonce.value } : null);

  const draft = drafts.read(ticket);
  if (draft) {
    text.value = draft.text;
    form.elements.kind.value = draft.kind;
    form.elements.nonce.value = draft.nonce;  // if it had been sent and the answer was lost, it must not go twice
  }
  show();
  save();
  if (draft?.text) htmx.trigger(text, "cost");
  form.addEventListener("input", () => { save(); fit(); });
  form.addEventListener("change", () => { show(); save(); });
  document.addEventListener("merged", () => {
    show();
    save();
    // the person reads another language now, so what is offered for sending is another: drawn anew, the draft stays
    if ($("#chat-head").dataset.language !== text.lang && !form.matches(".htmx-request")) location.reload();
  });
  addEventListener("resize", fit);
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) {
      event.preventDefault();
      if (!$("#send").disabled) form.requestSubmit();
    }
  });
  form.addEventListener("htmx:configRequest", (event) => {
    if (event.target !== form) return;
    event.detail.path = kind() === "note" ? form.dataset.note : form.dataset.reply;
    if (!text.value.trim()) event.preventDefault();
    form.dataset.sent = text.value;
  });
  document.body.addEventListener("kept", ({ detail }) => {
    $("#refused").hidden = true;
    if (detail.clears) {
      text.value = text.value.startsWith(form.dataset.sent ?? "\0") ? text.value.slice(form.dataset.sent.length).trimStart() : text.value;
      form.elements.nonce.value = detail.nonce;
      form.elements.kind.value = "reply";
      $("#cost").textContent = "";
    }
    tell(detail.says);
    showTab(detail.tab);
    show();
    save();
    if (detail.clears) {
      document.addEventListener("merged", () => { $("#log").scrollTop = $("#log").scrollHeight; }, { once: true });
      text.focus({ preventScroll: true });
    }
  });
  document.body.addEventListener("refused", ({ detail }) => {
    $("#refused").textContent = detail.says;
    $("#refused").hidden = false;
    show();
    htmx.trigger("#follow", "follow");
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-inserts]");
    if (!button) return;
    const before = text.value.trim();
    text.value = before ? `${before}\n${button.dataset.inserts}` : button.dataset.inserts;
    form.elements.kind.value = "reply";
    show();
    save();
    htmx.trigger(text, "cost");
    closeSide();
    text.focus();
  });
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    const button = detail.elt;
    if (!button.hasAttribute("data-sends-answer") || detail.xhr.status !== 200) return;
    button.textContent = button.dataset.done;  // the same answer is not sent twice by a second look
    button.removeAttribute("hx-post");
    requestAnimationFrame(() => { button.disabled = true; });
  });
  const log = $("#log");
  log.scrollTop = log.scrollHeight;
  log.addEventListener("load", (event) => {
    if (event.target.tagName === "IMG") event.target.scrollIntoView({ block: "nearest" });
  }, true);
}

function startStaff() {
  const said = $("#said");
  if (!said) return;
  document.body.addEventListener("said", ({ detail }) => {
    said.textContent = detail.says;
    said.hidden = false;
  });
}

function tell(words) {
  const place = $("#told");
  place.textContent = "";
  requestAnimationFrame(() => { place.textContent = words; });
}

// --- dialogs and the side --------------------------------------------------------------------------------------------

function closeSide() {
  $("#side")?.classList.remove("open");
}

// What was chosen in a list stays chosen when its options come anew.
function keepChoice() {
  document.addEventListener("htmx:beforeSwap", ({ detail: { target } }) => {
    if (target.tagName === "SELECT") target.dataset.chosen = target.value;
  });
  document.addEventListener("htmx:afterSwap", ({ detail: { target } }) => {
    if (target.tagName === "SELECT") target.value = [...target.options].some(({ value }) => value === target.dataset.chosen) ? target.dataset.chosen : "";
  });
}

function startDialogs() {
  keepChoice();
  document.addEventListener("click", (event) => {
    const opens = event.target.closest("[data-opens]");
    if (opens) {
      closeSide();
      const dialog = document.getElementById(opens.dataset.opens);
      dialog?.showModal();
      for (const part of $$("[hx-trigger=opened]", dialog ?? document.createElement("p"))) htmx.trigger(part, "opened");
    }
    if (event.target.closest("[data-closes]")) event.target.closest("dialog").close();
    if (event.target.closest("[data-side-open]")) {
      $("#side").classList.add("open");
      $("[data-side-close]").focus();
    }
    if (event.target.closest("[data-side-close]")) {
      closeSide();
      $("[data-side-open]")?.focus();
    }
    const copies = event.target.closest("[data-copies]");
    if (copies) navigator.clipboard?.writeText(copies.dataset.copies).then(() => tell(copies.textContent));
    for (const menu of $$("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    const dialog = detail.elt.closest?.("dialog");
    if (dialog && detail.requestConfig.verb === "post" && detail.xhr.status && detail.xhr.status < 500) {
      if (dialog.id === "reveal") $("#side")?.classList.add("open");
      dialog.close();
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && $("#side")?.classList.contains("open") && !$("dialog[open]")) closeSide();
  });
  for (const form of $$("form[data-leaves]")) {
    form.addEventListener("submit", () => { try { sessionStorage.clear(); } catch { /* a private window */ } });
  }
}

// --- new chats -------------------------------------------------------------------------------------------------------

const alerts = { on: kept("alerts", "off") === "on", audio: null };

function chime() {
  if (!alerts.on) return;
  try {
    alerts.audio ??= new AudioContext();
    alerts.audio.resume();
    const start = alerts.audio.currentTime;
    for (const [tone, at] of [[660, 0], [880, 0.16]]) {
      const [note, loudness] = [alerts.audio.createOscillator(), alerts.audio.createGain()];
      note.frequency.value = tone;
      loudness.gain.setValueAtTime(0.0001, start + at);
      loudness.gain.exponentialRampToValueAtTime(0.15, start + at + 0.02);
      loudness.gain.exponentialRampToValueAtTime(0.0001, start + at + 0.3);
      note.connect(loudness).connect(alerts.audio.destination);
      note.start(start + at);
      note.stop(start + at + 0.32);
    }
  } catch { /* no sound here */ }
}

function startAlerts() {
  const button = $("#alerts");
  const lists = $("#lists");
  const show = () => {
    if (!button) return;
    button.setAttribute("aria-pressed", String(alerts.on));
    button.title = alerts.on ? button.dataset.on : button.dataset.off;
  };
  button?.addEventListener("click", () => {
    alerts.on = !alerts.on;
    keep("alerts", alerts.on ? "on" : "off");
    if (alerts.on && "Notification" in window && Notification.permission === "default") Notification.requestPermission();
    chime();
    show();
  });
  show();
  if (!lists) return;
  const plain = document.title;
  const spoken = () => new Map(lists.dataset.mine.split(" ").filter(Boolean).map((each) => each.split(":")));
  let newest = lists.dataset.newest;
  let before = spoken();
  const mark = () => {
    const unread = unreadOf(spoken());
    for (const row of $$("[data-row]", lists)) row.classList.toggle("seen", !unread.has(row.dataset.row));
    $("[data-tab=mine] .count", lists)?.classList.toggle("fresh", unread.size > 0);
    const waits = Number(lists.dataset.waiting) + unread.size;
    document.title = waits ? `(${waits}) ${plain}` : plain;
  };
  document.addEventListener("merged", () => {
    mark();
    const opened = lists.dataset.newest > newest;
    const now = spoken();
    const spoke = [...now].some(([ticket, at]) => Number(at) > Number(before.get(ticket) ?? 0));
    newest = opened ? lists.dataset.newest : newest;
    before = now;
    if (!opened && !spoke) return;
    chime();
    const says = opened ? document.body.dataset.newChat : document.body.dataset.newMessage;
    if (opened) tell(says);
    if (alerts.on && document.hidden && "Notification" in window && Notification.permission === "granted") {
      try { new Notification("Ventanilla", { body: says, tag: "ventanilla", icon: $("link[rel=icon]").href }); } catch { /* not on this phone */ }
    }
  });
  document.addEventListener("visibilitychange", mark);
  mark();
}

// What was read on this screen: by chat, the moment of the last message of the person. Ids and moments, and only of chats
// in which somebody waits for an answer.
function unreadOf(spoken) {
  const name = `read:${document.body.dataset.user}`;
  const here = $("[data-ticket]")?.dataset.ticket;
  let read = {};
  try { read = JSON.parse(kept(name, "{}")); } catch { /* written by hand */ }
  if (!document.hidden && here) read[here] = Number($("#chat-head").dataset.said);  // the lists may hear of it later
  keep(name, JSON.stringify(Object.fromEntries(Object.entries(read).filter(([ticket]) => spoken.has(ticket) || ticket === here))));
  return new Set([...spoken].filter(([ticket, at]) => Number(at) > (read[ticket] ?? 0)).map(([ticket]) => ticket));
}

// --- keys ------------------------------------------------------------------------------------------------------------

function step(by) {
  const rows = $$("[data-row]");
  if (!rows.length) return;
  const at = rows.indexOf(document.activeElement);
  const here = at >= 0 ? at : rows.findIndex((row) => row.matches(".here"));
  rows[Math.min(rows.length - 1, Math.max(0, here + by))].focus();
}

function writeAs(kind) {
  const radio = $(`#reply [name=kind][value=${kind}]`);
  if (!radio) return;
  radio.checked = true;
  radio.dispatchEvent(new Event("change", { bubbles: true }));
  $("#text").focus();
}

const keys = {
  j: () => step(1),
  k: () => step(-1),
  t: () => $("#take")?.click(),
  r: () => writeAs("reply"),
  n: () => writeAs("note"),
  s: () => { $("#side")?.classList.add("open"); $("#saved summary")?.focus(); },
  "/": () => { $("#side")?.classList.add("open"); $("#asked")?.focus(); },
  q: () => { location.href = $(".brand").href; },
  "?": () => $("#keys")?.showModal(),
};

function startKeys() {
  const on = $("#keys-on");
  if (!on) return;
  on.checked = kept("keys", "on") === "on";
  on.addEventListener("change", () => keep("keys", on.checked ? "on" : "off"));
  $("#show-keys").addEventListener("click", () => $("#keys").showModal());
  document.addEventListener("keydown", (event) => {
    const isWriting = event.target.matches("input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable]");
    if (!on.checked || isWriting || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || $("dialog[open]")) return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}

document.addEventListener("DOMContentLoaded", () => {
  startMerging();
  startAsking();
  startWriting();
  startDialogs();
  startStaff();
  startAlerts();
  startKeys();
});
