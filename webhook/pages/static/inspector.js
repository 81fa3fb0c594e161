// Shows what goes on inside: what was decided, where the person stands, what is remembered, what a screen reader says.

import { make } from "./making.js";
import { outcome, say } from "./words.js";
import { spoken } from "./writing.js";

const place = (id) => document.getElementById(id);

/** Everything about one conversation. `last` is its last turn, {signed, twiml, text}; `state` what is remembered. */
export function show(last, state) {
  place("decision").replaceChildren(...decided(last?.signed.decision));
  place("path").replaceChildren(...way(state));
  place("spoken").replaceChildren(...heard(last));
  place("spoken").lang = last?.signed.decision.language || "";
  place("session").replaceChildren(...memory(state));
  place("wire-fields").replaceChildren(...(last?.signed.fields ?? []).flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value || "–")]));
  place("wire-twiml").textContent = last?.twiml ?? "";
}

/** Which content counts. `reasons` are the faults of a newer one; null means that the server is not there. */
export function showContent(content, hasChanged) {
  const state = content === null ? "lost" : content.reasons.length ? "refused" : hasChanged ? "changed" : "current";
  place("content-card").dataset.state = state;
  place("content-state").textContent = say(`content_${state}`);
  place("content-version").textContent = content?.version.slice(0, 10) ?? "";
  const faults = (content?.reasons ?? []).map((reason) => make("li", {}, fault(reason)));
  const before = place("content-faults").textContent;
  const title = `${say("content_faults")} (${faults.length})`;
  const list = faults.length ? [make("h4", {}, title), make("ul", { class: "faults", tabindex: "0" }, faults)] : [];
  if (before !== list.map((part) => part.textContent).join("")) place("content-faults").replaceChildren(...list);
}

function fault(reason) {
  const found = /^(\S+:\d+): (.*)$/s.exec(reason);
  return found ? [make("code", {}, found[1]), make("span", {}, found[2])] : [make("span", {}, reason)];
}

function decided(decision) {
  if (!decision) return [make("p", { class: "quiet" }, say("decision_none"))];
  const pills = [make("span", { class: "pill" }, decision.outcome)];
  if (decision.danger) pills.push(make("span", { class: "pill danger" }, say(`danger_${decision.danger}`)));
  if (decision.action) pills.push(make("span", { class: "pill" }, `${say("action")}: ${decision.action}`));
  const near = decision.ranked ?? [];
  const example = (id) => decision.examples?.[id] ?? "";
  return [
    make("p", { class: "outcome" }, outcome(decision.outcome)),
    make("p", { class: "pills" }, pills),
    near.length ? make("p", { class: "near" }, `${say("nearest")}: `, near.flatMap(([id, sure], index) => [index ? ", " : "", make("code", { title: example(id) }, id), ` ${Math.round(sure * 100)} %`])) : null,
    near.length && example(near[0][0]) ? make("p", { class: "near" }, `${say("like")}: “${example(near[0][0])}”`) : null,
    decision.pattern ? make("p", { class: "near" }, `${say("pattern")}: `, make("code", {}, decision.pattern)) : null,
  ].filter(Boolean);
}

function way(state) {
  const stops = state?.session?.path ?? [];
  if (!stops.length) return [make("li", { class: "quiet" }, say("path_empty"))];
  return stops.map((stop, index) => make("li", { class: "stop", "aria-current": index === stops.length - 1 ? "step" : null },
    make("span", {}, stop.label || stop.id), make("code", {}, stop.id)));
}

function heard(last) {
  if (!last) return [make("p", { class: "quiet" }, say("screen_reader_none"))];
  return (last.text === null ? [say("silence_spoken")] : spoken(last.text)).map((sentence) => make("p", {}, sentence));
}

function memory(state) {
  if (!state || state.store !== "ok") {
    const key = { down: "session_down", none: "session_stateless" }[state?.store] ?? "session_none";
    return [make("p", { class: "quiet" }, say(key))];
  }
  const { session, prefs } = state;
  if (!prefs) return [make("p", { class: "quiet" }, say("session_none"))];
  const rows = [
    [say("known_as"), make("code", {}, state.person)],
    [say("language"), prefs.language || say("language_unknown")],
    [say("consent"), prefs.consent === null ? say("consent_unasked") : yes(prefs.consent)],
    [say("opted_out"), prefs.opted_out.length ? prefs.opted_out.join(", ") : say("no")],
    [say("slots"), list(session.slots.map(slot), say("slots_none"))],
    [say("offered"), list(session.offered.map(({ id, label }) => [label ? `${label} ` : "", make("code", {}, id)]), say("offered_none"), "ol")],
    session.asking ? [say("asking"), make("code", {}, session.asking)] : null,
    session.more ? [say("more"), say("more_lines", { n: session.more + 1 })] : null,
    [say("misses"), `${session.misses}`],
    [say("sensitive"), yes(session.sensitive), session.sensitive ? "warm" : ""],
    [say("owner"), say(`owner_${session.owner}`)],
    session.ticket ? [say("ticket"), make("code", {}, session.ticket)] : null,
    [say("version"), `${session.version}`],
    [say("forgotten"), lasting(session.left_s)],
  ];
  const pairs = rows.filter(Boolean).map(([name, value, kind]) => make("div", { class: `pair ${kind ?? ""}` }, make("dt", {}, name), make("dd", {}, value)));
  return [make("dl", { class: "memory" }, pairs)];
}

function slot({ name, value, label, left_s: left }) {
  return [make("code", {}, name), ` ${label || value} · ${lasting(left)}`];
}

function list(items, none, tag = "ul") {
  return items.length ? make(tag, {}, items.map((item) => make("li", {}, item))) : none;
}

const yes = (value) => say(value ? "yes" : "no");

function lasting(seconds) {
  return seconds >= 5400 ? say("hours", { n: Math.round(seconds / 3600) }) : say("minutes", { n: Math.max(1, Math.round(seconds / 60)) });
}
