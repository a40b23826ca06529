import { memberOf, namesIn } from "./walk-workflow.ts";

/** The inputs of `on: workflow_dispatch`, by name. */
export type Inputs = Readonly<Record<string, Input>>;

export interface Input {
	/** Whether a dispatch has to give it: it is required, and has no default. */
	readonly isNeeded: boolean;
	/** The only values that it takes; null where it takes any text. */
	readonly options: readonly string[] | null;
}

/**
 * What a workflow dispatch may give a workflow; null where it takes none. Read from the file itself: the conversion of
 * GitHub's parser (0.3.61) drops all events for an input without members, and a default that is a number.
 * @param root of GitHub's parser
 * Source: docs.github.com, "Workflow syntax", `on.workflow_dispatch.inputs`.
 */
export function inputsOf(root: unknown): Inputs | null {
	const on = memberOf(root, "on");
	if (!namesIn(on).includes("workflow_dispatch")) return null;
	const declared = memberOf(memberOf(on, "workflow_dispatch"), "inputs");
	const names = declared === undefined || String(declared) === "" ? [] : namesIn(declared);
	return Object.fromEntries(names.map((name) => [name, inputOf(memberOf(declared, name))]));
}

function inputOf(declared: unknown): Input {
	const text = (member: string) => {
		const value = memberOf(declared, member);
		return value === undefined ? "" : String(value);
	};
	const choices = text("type") === "choice" ? namesIn(memberOf(declared, "options")) : null;
	return {
		isNeeded: text("required") === "true" && text("default") === "",
		options: text("type") === "boolean" ? ["true", "false"] : choices,
	};
}
