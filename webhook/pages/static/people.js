// Made-up people. Their numbers begin as no number of Chetumal or Belize does, so nobody real is behind them.

const ZONES = { mx: "America/Cancun", bz: "America/Belize" };
const STARTS = { mx: "+529830", bz: "+5010" };

let count = 0;

/** A person nobody has seen before, from one side of the border and then the other. */
export function newPerson() {
  const country = count % 2 ? "bz" : "mx";
  count += 1;
  const random = crypto.getRandomValues(new Uint32Array(1))[0] % 1_000_000;
  return { name: `${count}`, country, number: STARTS[country] + String(random).padStart(6, "0"), threads: {} };
}

/** The number as people write it. */
export function shown(number) {
  return number.startsWith("+52")
    ? `+52 ${number.slice(3, 6)} ${number.slice(6, 9)} ${number.slice(9)}`
    : `+501 ${number.slice(4, 7)}-${number.slice(7)}`;
}

/** A moment on a person's own side: the two differ by an hour. */
export function clock(person, moment, language) {
  const options = { hour: "numeric", minute: "2-digit", timeZone: ZONES[person.country] };
  return new Intl.DateTimeFormat(language === "es" ? "es-MX" : "en-BZ", options).format(moment);
}
