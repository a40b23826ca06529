import { memberOf, type Spot, type Token, walk, writtenOf } from "./walk-workflow.ts";

/** A concurrency group of a workflow or of one of its jobs; `text` is its name as it is written. */
export interface Group extends Spot {
	/** Whether it lets a run wait that the next one would replace: `queue: max`, on github.com since May 2026. */
	readonly queues: boolean;
	/** Whether the next run cancels the one that is under way. */
	readonly cancels: boolean;
}

/**
 * The concurrency groups of a workflow.
 * @param root of GitHub's parser
 * Source: docs.github.com, "Control the concurrency of workflows and jobs", and GitHub's changelog of 2026-05-07.
 */
export function findGroups(root: unknown): readonly Group[] {
	const groups: Group[] = [];
	walk(root, (key, value, parents) => {
		const place = parents.length === 0 || (parents.length === 2 && parents[0] === "jobs");
		if (key !== "concurrency" || !place) return;
		const name = memberOf(value, "group") ?? value;
		const says = (member: string, text: string) => String(memberOf(value, member) ?? "").toLowerCase() === text;
		groups.push({
			line: (name as Token).range?.start.line ?? 1,
			text: writtenOf(name),
			queues: says("queue", "max"),
			cancels: says("cancel-in-progress", "true"),
		});
	});
	return groups;
}

/** The name that a workflow gives its runs, as it is written; null where it gives none. */
export function runNameOf(root: unknown): string | null {
	const name = memberOf(root, "run-name");
	return name === undefined ? null : writtenOf(name);
}
