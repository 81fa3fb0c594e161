// Sends messages the way Twilio does: asks for a signed form, posts it to the webhook itself, reads the TwiML.

/** A server that cannot be reached (code 0), or a request that was refused. */
export class Undelivered extends Error {
  constructor(code) {
    super(`not delivered: ${code}`);
    this.code = code;
  }
}

async function fetched(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { cache: "no-store", ...options });
  } catch {
    throw new Undelivered(0);
  }
  if (!response.ok) throw new Undelivered(response.status);
  return response;
}

async function asked(path, question) {
  const headers = { "Content-Type": "application/json" };
  return (await fetched(path, { method: "POST", headers, body: JSON.stringify(question) })).json();
}

/** The form that Twilio would post for a message, signed. */
export const sign = (message) => asked("simulator/sign", message);

/** What the bot remembers of a person. */
export const remembered = (who) => asked("simulator/state", who);

/** What a text costs as SMS. */
export const cost = (text) => asked("simulator/cost", { text });

/** Which content counts now, and the faults of a newer one. */
export const content = async () => (await fetched("simulator/content")).json();

/** Questions that people ask, by language. */
export const examples = async () => (await fetched("simulator/examples")).json();

/** What has come to a phone since a message, other than as a reply, and what is remembered now. */
export const inbox = (question) => asked("simulator/inbox", question);

/** Tell that a message was read, as Twilio would: the form is signed already. */
export const tellRead = (receipt) => fetched(receipt.path.slice(1), { method: "POST", headers: signedHeaders(receipt), body: receipt.body });

const signedHeaders = ({ signature }) => ({ "Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature });

/** Post a signed form. Gives the TwiML and the text in it; null is silence. */
export async function deliver(signed) {
  const response = await fetched(signed.path.slice(1), { method: "POST", headers: signedHeaders(signed), body: signed.body });
  const twiml = await response.text();
  const message = new DOMParser().parseFromString(twiml, "text/xml").querySelector("Response > Message");
  return { twiml, text: message ? message.textContent : null };
}
