/** `npm start` cannot do what it was asked for: one sentence that names the thing and the repair, without a stack trace. */
export class StartError extends Error {
	override readonly name = "StartError";
}
