import { type Check, checksOf } from "./check.ts";
import { nameOf } from "./check-listeners.ts";
import type { WorkflowFacts } from "./read-workflows.ts";

/** What is wrong in workflow files themselves, each with its line. */
export function checkFiles(repository: string, workflows: readonly WorkflowFacts[]): readonly Check[] {
	return workflows.flatMap((workflow) => [...unsound(repository, workflow), ...injected(repository, workflow)]);
}

function unsound(repository: string, { path, parses, mentions, problems }: WorkflowFacts): Check[] {
	return (parses ? problems : problems.slice(0, 1)).map(({ line, text }) => {
		const { error, warning } = checksOf("workflows", `${repository} ${nameOf(path)}:${line}`);
		if (parses) return warning(`GitHub's parser reports an error: ${text}`, `correct line ${line} of ${path}`);
		const what = `the file is not valid, so GitHub does not run it: ${text}`;
		return (mentions ? error : warning)(what, `correct the YAML at line ${line} of ${path}`);
	});
}

function injected(repository: string, { path, injections }: WorkflowFacts): Check[] {
	return injections.map(({ line, text }) => {
		const { error } = checksOf("workflows", `${repository} ${nameOf(path)}:${line}`);
		const what = `${text} is inserted into a script: the name of an experiment or a blob can run commands there`;
		return error(what, "pass the value through env: and use the variable in quotes, as README.md shows");
	});
}
