import { isRepository } from "../../destinations/github/service.ts";
import { findType, shortName } from "../catalogue/catalogue.ts";
import { CliError } from "../cli-error.ts";
import type { Io } from "../io.ts";

/** What `init` was told by flags. */
export interface InitFlags {
	readonly file: string;
	readonly event?: readonly string[];
	readonly container?: string;
	readonly repository?: string;
	readonly workflow?: string;
	readonly pipeline?: string;
	readonly force?: boolean;
}

/** What a first route needs. */
export interface Answers {
	/** Event types, as published. */
	readonly types: readonly string[];
	/** Of blob storage; undefined for every one. */
	readonly container: string | undefined;
	readonly to: ToRepository | ToWorkflow | ToPipeline;
}

interface ToRepository {
	readonly repository: string;
}

interface ToWorkflow extends ToRepository {
	/** The name of the workflow's file. */
	readonly workflow: string;
}

export interface ToPipeline {
	readonly organization: string;
	readonly project: string;
	readonly pipeline: number;
}

const USUAL_EVENT = "RunCompleted";

/**
 * What the flags say; what they leave open is asked on a terminal, and has its default without one.
 * @throws CliError for a wrong answer of a flag, and where there is no terminal to ask for the destination
 */
export async function askAnswers(flags: InitFlags, { prompt, stderr }: Io): Promise<Answers> {
	const ask = prompt === undefined ? undefined : { prompt, stderr };
	const { event, container, repository, pipeline, workflow } = flags;
	if (repository !== undefined && pipeline !== undefined) {
		throw new CliError("give --repository or --pipeline, not both", 2);
	}
	if (workflow !== undefined && pipeline !== undefined)
		throw new CliError("--workflow works only with --repository", 2);
	if (ask === undefined && repository === undefined && pipeline === undefined) {
		const repair = "add --repository OWNER/NAME or --pipeline ORGANIZATION/PROJECT/ID";
		throw new CliError(`init asks where events go, but there is no terminal to answer: ${repair}`, 2);
	}
	const events = `Which events? Names with spaces between, such as BlobCreated ModelRegistered [${USUAL_EVENT}] `;
	const types = await answer(event?.join(" "), ask, events, readTypes);
	const isBlobs = types.some((type) => type.startsWith("Microsoft.Storage."));
	const containers = "Only blobs of which container? [every container] ";
	const into = await answer(container ?? (isBlobs ? undefined : ""), ask, containers, readContainer);
	const to = await askDestination(flags, ask);
	return { types, container: into, to };
}

interface Asks extends Pick<Io, "stderr"> {
	readonly prompt: NonNullable<Io["prompt"]>;
}

async function askDestination(flags: InitFlags, ask: Asks | undefined): Promise<Answers["to"]> {
	if (flags.pipeline !== undefined) return readPipeline(flags.pipeline);
	const places =
		"Start a workflow in which GitHub repository (owner/name), or which Azure pipeline (organization/project/id)? ";
	const to =
		flags.repository === undefined ? await answer(undefined, ask, places, readPlace) : readRepository(flags.repository);
	if (!("repository" in to)) return to;
	const workflows = "Start one workflow file, such as train.yml? [every workflow that listens to the event] ";
	const given = flags.workflow ?? (flags.repository === undefined ? undefined : "");
	const workflow = await answer(given, ask, workflows, readWorkflow);
	return workflow === undefined ? to : { ...to, workflow };
}

/** What a flag says; else what is asked until the answer can be read. Without a terminal the default counts. */
async function answer<T>(
	flag: string | undefined,
	ask: Asks | undefined,
	question: string,
	read: (text: string) => T,
): Promise<T> {
	if (flag !== undefined || ask === undefined) return read(flag ?? "");
	for (;;) {
		const text = await ask.prompt(question);
		if (text === undefined) throw new CliError("nothing was written");
		try {
			return read(text.trim());
		} catch (error) {
			if (!(error instanceof CliError)) throw error;
			ask.stderr.write(`${error.message}\n`);
		}
	}
}

function readTypes(text: string): readonly string[] {
	const names = (text === "" ? USUAL_EVENT : text).split(/[\s,]+/).filter((name) => name !== "");
	return [...new Set(names.map((name) => typeOf(name)))];
}

/** A type of another publisher is taken as it is, if it has the form of one. */
function typeOf(name: string): string {
	return /^(?!Microsoft\.)\w+(?:\.\w+)+$/i.test(name) ? name : findType(name);
}

function readContainer(text: string): string | undefined {
	if (text === "") return undefined;
	if (/^(?:\$web|\$root|[a-z0-9](?:-?[a-z0-9]){2,62})$/.test(text)) return text;
	throw new CliError(`"${text}" is not the name of a container: 3 to 63 lower-case letters, digits and hyphens`, 2);
}

function readPlace(text: string): ToRepository | ToPipeline {
	return text.split("/").length === 3 ? readPipeline(text) : readRepository(text);
}

function readRepository(repository: string): ToRepository {
	if (isRepository(repository)) return { repository };
	throw new CliError(`"${repository}" is not a GitHub repository: write owner/name`, 2);
}

function readPipeline(text: string): ToPipeline {
	const [organization = "", project = "", id = "", ...more] = text.split("/");
	if (organization && project && /^[1-9]\d{0,9}$/.test(id) && more.length === 0) {
		return { organization, project, pipeline: Number(id) };
	}
	const where = "the id is the number after definitionId= in the address of its page";
	throw new CliError(`"${text}" is not a pipeline: write organization/project/id; ${where}`, 2);
}

function readWorkflow(text: string): string | undefined {
	if (text === "") return undefined;
	const name = text.replace(/^(?:\.\/)?\.github\/workflows\//, "");
	if (/^[^/\\]+\.ya?ml$/.test(name)) return name;
	throw new CliError(`"${text}" is not the name of a workflow file, such as train.yml`, 2);
}

/** `RunCompleted`, for a text. */
export function shortNames(types: readonly string[]): string {
	return types.map(shortName).join(", ");
}
