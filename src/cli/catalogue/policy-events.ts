import type { Matter } from "./sample-event.ts";
import type { World } from "./world.ts";

/**
 * What a storage account tells of its policies and tasks, by the name of the type.
 * Source: learn.microsoft.com, "Azure Blob Storage as an Event Grid source" and "Azure Storage Actions events".
 */
export const POLICY_EVENTS: Readonly<Record<string, (world: World) => Matter>> = {
	BlobInventoryPolicyCompleted: (world) => {
		const at = dueAt(world);
		const ruleName = world.dice.pick(["training-inventory", "features-inventory"]);
		const folder = `${at.slice(0, 10).replaceAll("-", "/")}/${at.slice(11, 19).replaceAll(":", "-")}/${ruleName}`;
		return {
			subject: "BlobDataManagement/BlobInventory",
			data: {
				scheduleDateTime: at,
				accountName: world.account,
				ruleName,
				policyRunStatus: "Succeeded",
				policyRunStatusMessage: "Inventory run succeeded, refer manifest file for inventory details.",
				policyRunId: world.dice.uuid(),
				manifestBlobUrl: `https://${world.account}.blob.core.windows.net/inventory/${folder}/${ruleName}-manifest.json`,
			},
		};
	},
	LifecyclePolicyCompleted: (world) => ({
		subject: "BlobDataManagement/LifeCycleManagement/SummaryReport",
		data: {
			scheduleTime: `${dueAt(world).slice(0, 19).replaceAll("-", "/").replace("T", " ")}.0000000`,
			policyRunSummary: { completionStatus: "Completed" },
			deleteSummary: summary(world),
			tierToCoolSummary: summary(world),
			tierToColdSummary: summary(world),
			tierToArchiveSummary: summary(world),
		},
	}),
	StorageTaskQueued: (world) => queued(world, "DataManagement/StorageTasks"),
	StorageTaskCompleted: (world) => completed(world, "DataManagement/StorageTasks"),
	StorageTaskAssignmentQueued: (world) => queued(world, "DataManagement/StorageActions/StorageTaskAssignments"),
	StorageTaskAssignmentCompleted: (world) => completed(world, "DataManagement/StorageActions/StorageTaskAssignments"),
};

function queued(world: World, subject: string): Matter {
	return { subject, data: { queuedDateTime: dueAt(world), taskExecutionId: world.dice.uuid() } };
}

function completed(world: World, subject: string): Matter {
	const taskName = world.dice.pick(["tier-old-training-data", "delete-scratch-data"]);
	const taskExecutionId = world.dice.uuid();
	return {
		subject,
		data: {
			status: world.dice.pick(["Succeeded", "Failed"]),
			completedDateTime: seconds(world.now()),
			taskExecutionId,
			taskName,
			summaryReportBlobUrl: `https://${world.account}.blob.core.windows.net/reports/${taskName}/${taskExecutionId}/SummaryReport.json`,
		},
	};
}

function summary({ dice }: World) {
	const totalObjectsCount = dice.below(2000);
	return { totalObjectsCount, successCount: totalObjectsCount, errorList: "" };
}

/** Some minutes before the event. */
function dueAt({ dice, now }: World): string {
	return seconds(now() - (5 + dice.below(40)) * 60_000);
}

function seconds(at: number): string {
	return `${new Date(at).toISOString().slice(0, 19)}Z`;
}
