import { isNested, type Spot, type Token, textOf, walk } from "./walk-workflow.ts";

const EXPRESSION = /\$\{\{(.*?)\}\}/gs;
/** The payload, or the event or context that it is a part of. */
const PAYLOAD = /\bgithub\s*(?:\.\s*event\s*(?:\.\s*client_payload|\[|[^.\w\s]|$)|\[\s*'event'|\)|$)/i;

/**
 * Where the payload of a dispatch is pasted into a script, be it by itself or by way of a variable of `env`. GitHub
 * replaces an expression before a shell or an interpreter reads the script, so that a person who may name an experiment or a
 * blob writes a part of it.
 * @param root of GitHub's parser
 */
export function findInjections(root: unknown, text: string): readonly Spot[] {
	const lines = text.split("\n");
	const scripts: Token[] = [];
	const tainted: string[] = [];
	walk(root, (key, value, parents) => {
		const script = key === "run" || (key === "script" && parents.at(-1) === "with");
		if (script && !isNested(value)) scripts.push(value as Token);
		if (parents.at(-1) === "env" && expressionsOf(textOf(value as Token, lines)).some(isPayload)) tainted.push(key);
	});
	const byVariable = (inner: string) =>
		tainted.some((name) =>
			new RegExp(`\\benv\\s*(?:\\.\\s*|\\[\\s*')${name.replaceAll(/\W/g, "\\$&")}\\b`, "i").test(inner),
		);
	return scripts.flatMap((script) => {
		const first = script.range?.start.line ?? 1;
		const written = textOf(script, lines);
		return [...written.matchAll(EXPRESSION)]
			.filter(([, inner = ""]) => isPayload(inner) || byVariable(inner))
			.map(({ 0: expression, index }) => ({
				line: first + written.slice(0, index).split("\n").length - 1,
				text: expression.replaceAll(/\s+/g, " "),
			}));
	});
}

function isPayload(inner: string): boolean {
	return PAYLOAD.test(inner.trim());
}

function expressionsOf(text: string): string[] {
	return [...text.matchAll(EXPRESSION)].map(([, inner = ""]) => inner);
}
