import { createHash } from "node:crypto";

/** A `continue` that is none, or belongs to another question. */
export class WrongContinue extends Error {
	override readonly name = "WrongContinue";

	constructor() {
		super("continue: this is no answer's continue, or belongs to another question; ask exactly as before, and add it");
	}
}

const SUM_LENGTH = 12;

/**
 * Where a piece of work goes on, as a text without characters that a URL would escape.
 * @param place JSON
 * @param question what was asked: the text is good for nothing else
 */
export function writeContinue(place: unknown, question: string): string {
	const text = JSON.stringify(place);
	return `${sumOf(text, question)}${Buffer.from(text).toString("base64url")}`;
}

/** The place again. Throws WrongContinue for what was not written for this question. */
export function readContinue(token: string, question: string): unknown {
	const text = Buffer.from(token.slice(SUM_LENGTH), "base64url").toString("utf8");
	if (token.slice(0, SUM_LENGTH) !== sumOf(text, question)) throw new WrongContinue();
	return JSON.parse(text);
}

/** By its name, as everywhere: parts of the bundle may have their own copy of the class. */
export function isWrongContinue(error: unknown): error is WrongContinue {
	return error instanceof Error && error.name === "WrongContinue";
}

/** Not a secret: it only finds out what was cut, mixed up or made up. */
function sumOf(text: string, question: string): string {
	return createHash("sha256")
		.update(JSON.stringify([text, question]))
		.digest("hex")
		.slice(0, SUM_LENGTH);
}
