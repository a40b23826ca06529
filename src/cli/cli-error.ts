import { plain } from "../log.ts";

/** What a user is told, without a stack trace: what failed, and what to do about it. */
export class CliError extends Error {
	override readonly name = "CliError";
	/** 1: what was asked for failed. 2: it was asked for in a wrong way. */
	readonly exitCode: 1 | 2;

	/** @param message one line, whatever it quotes; several lines as an array */
	constructor(message: string | readonly string[], exitCode: 1 | 2 = 1) {
		super([message].flat().map(plain).join("\n"));
		this.exitCode = exitCode;
	}
}
