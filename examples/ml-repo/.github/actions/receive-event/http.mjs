// Requests with bounds: https alone, no redirect, a limit of time and of size.
import { input, quoted, Refused } from "./runner.mjs";

const LOOPBACK = ["127.0.0.1", "localhost", "[::1]"];
/** No answer of GitHub or Entra that is asked for here comes near: 100 runs have about 1.5 MB. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;
const ANSWER_MS = 30_000;

export function isLoopback(url) {
	return LOOPBACK.includes(url.hostname);
}

/**
 * An address that a token may be shown to, as far as the scheme counts.
 * @param what names the address in the error
 * @param env the input `allow-http-on-loopback`
 */
export function safeUrl(text, what, env) {
	if (!URL.canParse(text)) throw new Refused(`${what} is no address: ${quoted(text)}`);
	const url = new URL(text);
	const isTest = url.protocol === "http:" && isLoopback(url) && input(env, "allow-http-on-loopback") === "true";
	if (url.protocol !== "https:" && !isTest) throw new Refused(`${what} must begin with https: ${quoted(text)}`);
	if (url.username !== "" || url.password !== "") throw new Refused(`${what} holds a user name: ${quoted(text)}`);
	return url;
}

/**
 * Asks for JSON.
 * @returns the status, and the body: an object, empty where the answer is no JSON object
 * @throws Refused where no answer comes, or an answer without an end
 */
export async function askJson(url, init, what) {
	try {
		const response = await fetch(url, { ...init, redirect: "manual", signal: AbortSignal.timeout(ANSWER_MS) });
		return { status: response.status, body: objectOf(await boundedText(response)) };
	} catch (error) {
		if (error instanceof Refused) throw error;
		throw new Refused(`${what} gave no answer: ${causeOf(error)}`);
	}
}

/** Why a request failed, in the words of the network. */
export function causeOf(error) {
	return quoted(String(error.cause?.code ?? error.cause?.message ?? error.message));
}

async function boundedText(response) {
	const chunks = [];
	let size = 0;
	for await (const chunk of response.body ?? []) {
		size += chunk.length;
		if (size > MAX_ANSWER_BYTES) throw new Refused(`an answer of ${response.status} has no end`);
		chunks.push(chunk);
	}
	return Buffer.concat(chunks).toString("utf8");
}

function objectOf(text) {
	try {
		const value = JSON.parse(text);
		return typeof value === "object" && value !== null ? value : {};
	} catch {
		return {};
	}
}
