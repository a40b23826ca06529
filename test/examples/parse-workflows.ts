/**
 * A process of its own, for GitHub's parser is published as ES modules that import JSON, which jest cannot load: reads
 * workflows from standard input, as JSON of `{ path: text }`, and writes what GitHub finds wrong, as `{ path: [] }`.
 */
import { text } from "node:stream/consumers";
import { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } from "@actions/workflow-parser";

const found: Record<string, string[]> = {};
const workflows = JSON.parse(await text(process.stdin)) as Record<string, string>;
for (const [name, content] of Object.entries(workflows)) {
	const { context, value } = parseWorkflow({ name, content }, new NoOperationTraceWriter());
	if (value !== undefined) await convertWorkflowTemplate(context, value);
	found[name] = context.errors.getErrors().map(({ message }) => message);
}
process.stdout.write(JSON.stringify(found));
