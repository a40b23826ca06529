import { type Members, OBJECT, readList, STRING, STRINGS, whole } from "./members.ts";

/** A parameter as a pipeline's YAML declares it. */
interface Parameter {
	/** `string` if left out, `number`, `boolean`, or `object`. */
	readonly type?: string;
	/** Left out, a value must be given. */
	readonly default?: unknown;
	/** The only values that are allowed. */
	readonly values?: readonly unknown[];
}

/** A pipeline as the stand-in shows it, as `POST /_pipeline` takes it. All members may be left out. */
export interface StandInPipeline {
	/** Left out, every one. */
	readonly organization?: string;
	readonly project?: string;
	/** Left out, its place in the list, from 1. */
	readonly id?: number;
	readonly name?: string;
	readonly folder?: string;
	readonly defaultBranch?: string;
	/** Branches and tags that exist beside the default branch. */
	readonly refs?: readonly string[];
	/** By name; left out, every parameter is taken. */
	readonly parameters?: Readonly<Record<string, Parameter>>;
	/** What the token may not do: `run` it, or `read` its runs. */
	readonly denied?: readonly string[];
}

const MEMBERS: Members<StandInPipeline> = {
	organization: STRING,
	project: STRING,
	id: whole(1),
	name: STRING,
	folder: STRING,
	defaultBranch: STRING,
	refs: STRINGS,
	parameters: OBJECT,
	denied: STRINGS,
};

/**
 * Reads one pipeline or an array of them, as JSON.
 * @throws TypeError naming what is wrong
 */
export function readPipelines(given: unknown): readonly (StandInPipeline & { readonly id: number })[] {
	return readList<StandInPipeline>(given, "pipeline", MEMBERS).map((one, index) => ({
		...one,
		id: one.id ?? index + 1,
	}));
}

/** What Azure Pipelines says against the parameters of a run; undefined where they fit. */
export function parameterProblem(
	{ parameters }: StandInPipeline,
	given: Readonly<Record<string, unknown>>,
): string | undefined {
	if (parameters === undefined) return undefined;
	const unexpected = Object.keys(given).find((name) => !Object.hasOwn(parameters, name));
	if (unexpected !== undefined) return `Unexpected parameter '${unexpected}'`;
	for (const [name, parameter] of Object.entries(parameters)) {
		const value = given[name];
		if (value === undefined && parameter.default === undefined)
			return `A value for the '${name}' parameter must be provided.`;
		if (value === undefined) continue;
		if (parameter.type === "number" && !Number.isFinite(Number(value)))
			return `The '${name}' parameter value '${value}' is not a valid Number.`;
		if (parameter.type === "boolean" && !["true", "false"].includes(String(value).toLowerCase()))
			return `The '${name}' parameter value '${value}' is not a valid Boolean.`;
		if (parameter.values !== undefined && !parameter.values.map(String).includes(String(value)))
			return `The '${name}' parameter value '${value}' is not allowed.`;
	}
	return undefined;
}
