import { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } from "@actions/workflow-parser";
import { ErrorPolicy } from "@actions/workflow-parser/model/convert";
import {
	findGroups,
	findInjections,
	type Group,
	type Inputs,
	inputsOf,
	runNameOf,
	type Spot,
} from "./find-in-workflow.ts";

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
	/** Where the payload is pasted into a script. */
	readonly injections: readonly Spot[];
	/** Its `run-name` as it is written; null where it has none. */
	readonly runName: string | null;
	readonly groups: readonly Group[];
	/** The inputs that a workflow dispatch gives it, by name; null where it takes no such dispatch. */
	readonly inputs: Inputs | null;
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
		const mentions = text.includes("repository_dispatch");
		const nothing = { listens: null, injections: [], runName: null, groups: [], inputs: null };
		return { path, parses: false, mentions, problems: problems(), ...nothing };
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
		injections: dispatch === undefined ? [] : findInjections(value, text),
		runName: runNameOf(value),
		groups: findGroups(value),
		inputs: inputsOf(value),
	};
}

/**
 * What the parser (0.3.61) says although GitHub takes it: its schema has `branch_protection_rule` in the place of
 * `repository_dispatch` where that is a text by itself, and wants a list where one type may stand alone.
 */
function isParsersOwn(text: string, types: readonly string[]): boolean {
	const unexpected = /^Unexpected value '(.*)'$/.exec(text)?.[1];
	return unexpected === "repository_dispatch" || (types.length === 1 && unexpected === types[0]);
}
