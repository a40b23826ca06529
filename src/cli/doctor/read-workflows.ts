import { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } from "@actions/workflow-parser";
import { ErrorPolicy } from "@actions/workflow-parser/model/convert";
import type { WorkflowDispatchConfig } from "@actions/workflow-parser/model/workflow-template";
import { findInjections, type Spot } from "./find-injections.ts";

export interface WorkflowFile {
	/** From the repository's root. */
	readonly path: string;
	readonly text: string;
}

/** As much of a workflow as matters for a dispatch. */
export interface WorkflowFacts {
	readonly path: string;
	/** Whether it is YAML at all. */
	readonly parses: boolean;
	/** Whether it has to do with dispatches, as far as can be told. */
	readonly mentions: boolean;
	/** What GitHub's parser says against it. */
	readonly problems: readonly Spot[];
	/** The dispatch types that it listens to; `all`: to every one; null: to none. */
	readonly listens: "all" | readonly string[] | null;
	/** The inputs of a workflow dispatch by name; null: it takes none. `required`: without a default. */
	readonly takes: Readonly<Record<string, "required" | "optional">> | null;
	/** Where the payload is pasted into a script. */
	readonly injections: readonly Spot[];
}

/**
 * Reads workflow files with GitHub's own parser. In a file of its own, which is loaded with the first workflow: the parser
 * is large.
 */
export async function readWorkflows(files: readonly WorkflowFile[]): Promise<readonly WorkflowFacts[]> {
	return Promise.all(files.map(readWorkflow));
}

async function readWorkflow({ path, text }: WorkflowFile): Promise<WorkflowFacts> {
	const { context, value } = parseWorkflow({ name: path, content: text }, new NoOperationTraceWriter());
	const problems = (): Spot[] =>
		context.errors.getErrors().map(({ rawMessage, range }) => ({
			line: range?.start.line ?? 1,
			text: rawMessage.split("\n")[0] ?? "",
		}));
	if (value === undefined) {
		return {
			path,
			parses: false,
			mentions: text.includes("repository_dispatch"),
			problems: problems(),
			listens: null,
			takes: null,
			injections: [],
		};
	}
	const options = { errorPolicy: ErrorPolicy.TryConversion };
	const { events } = await convertWorkflowTemplate(context, value, undefined, options);
	const dispatch = events?.repository_dispatch;
	const types = dispatch?.types ?? [];
	return {
		path,
		parses: true,
		mentions: dispatch !== undefined,
		problems: problems().filter(({ text }) => !isParsersOwn(text, types)),
		listens: dispatch === undefined ? null : types.length === 0 ? "all" : types,
		takes: inputsOf(events?.workflow_dispatch),
		injections: dispatch === undefined ? [] : findInjections(value, text),
	};
}

function inputsOf(dispatch: WorkflowDispatchConfig | undefined): WorkflowFacts["takes"] {
	if (dispatch === undefined) return null;
	const inputs = Object.entries(dispatch.inputs ?? {});
	return Object.fromEntries(
		inputs.map(([name, input]) => [
			name,
			input?.required === true && input.default === undefined ? "required" : "optional",
		]),
	);
}

/**
 * What the parser (0.3.61) says although GitHub takes it: its schema has `branch_protection_rule` in the place of
 * `repository_dispatch` where that is a text by itself, and wants a list where one type may stand alone.
 */
function isParsersOwn(text: string, types: readonly string[]): boolean {
	const unexpected = /^Unexpected value '(.*)'$/.exec(text)?.[1];
	return unexpected === "repository_dispatch" || (types.length === 1 && unexpected === types[0]);
}
