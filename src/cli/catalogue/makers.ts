import type { SampleEvent } from "./envelope.ts";
import type { World } from "./world.ts";

/** What a type of event is about: the rest of the event is the same for all. */
export type Matter = Pick<SampleEvent, "subject" | "data">;

const EXPERIMENTS = ["fraud-model", "churn-forecast", "demand-forecast", "defect-detection"] as const;
const RUN_TYPES = ["azureml.scriptrun", "azureml.PipelineRun", "azureml.StepRun", "azureml.HyperDrive"] as const;
const STATUSES = ["Queued", "Preparing", "Running", "Finalizing", "Completed", "Failed", "Canceled"] as const;
const CONTAINERS = ["training", "features", "labels"] as const;
/** Folders and names of files, their endings, and what they are stored as. */
const NAMES = ["transactions", "customers", "sensors", "images"] as const;
const ENDINGS = [
	["parquet", "application/octet-stream"],
	["csv", "text/csv"],
	["jsonl", "application/json"],
] as const;

/**
 * Types of which a schema's one example is not enough to try a bridge with: runs end in several ways, versions of a
 * model count up, and an upload comes through one of two services. Every other type is made from its example.
 * Sources: learn.microsoft.com, "Azure Machine Learning as an Event Grid source" and "Azure Blob Storage as an Event
 * Grid source".
 */
export const MAKERS: Readonly<Record<string, (world: World) => Matter>> = {
	"Microsoft.MachineLearningServices.RunCompleted": run,
	"Microsoft.MachineLearningServices.RunStatusChanged": (world) => {
		const { subject, data } = run(world);
		return { subject, data: { ...data, runStatus: world.dice.pick(STATUSES) } };
	},
	"Microsoft.MachineLearningServices.ModelRegistered": (world) => {
		const modelName = world.dice.pick(EXPERIMENTS);
		const modelVersion = String(world.count(`version of ${modelName}`));
		return {
			subject: `models/${modelName}:${modelVersion}`,
			data: {
				modelName,
				modelVersion,
				modelTags: { stage: world.dice.pick(["candidate", "production"]) },
				modelProperties: { auc: `0.${80 + world.dice.below(20)}` },
			},
		};
	},
	"Microsoft.Storage.BlobCreated": upload,
};

function run(world: World): Matter {
	const { dice } = world;
	const experimentName = dice.pick(EXPERIMENTS);
	const experimentId = world.idOf(experimentName);
	// As Azure ML names jobs by itself.
	const runId = `${dice.pick(["olive", "sleepy", "brave", "quiet", "jolly"])}_${dice.pick(["yam", "river", "lemon", "cloud", "basket"])}_${dice.hex(10)}`;
	return {
		subject: `experiments/${experimentId}/runs/${runId}`,
		data: {
			experimentId,
			experimentName,
			runId,
			runType: dice.pick(RUN_TYPES),
			runTags: { deploy: String(dice.below(2) === 0) },
			runProperties: { "azureml.git.branch": "main", "azureml.git.commit": dice.hex(40) },
		},
	};
}

function upload(world: World): Matter {
	const { dice } = world;
	const [ending, contentType] = dice.pick(ENDINGS);
	const month = new Date(world.now()).toISOString().slice(0, 7).replace("-", "/");
	const name = `${dice.pick(NAMES)}/${month}/part-${String(world.count("files")).padStart(5, "0")}.${ending}`;
	const path = `${dice.pick(CONTAINERS)}/${name}`;
	const contentLength = 1024 * (1 + dice.below(4096));
	const eTag = `0x8DE${dice.hex(12).toUpperCase()}`;
	const api = dice.pick(["PutBlob", "PutBlockList", "CopyBlob", "FlushWithClose"]);
	// Only Data Lake flushes, and it has a host of its own.
	const [service, more] =
		api === "FlushWithClose" ? ["dfs", { contentOffset: contentLength }] : ["blob", { accessTier: "Default" }];
	const idOfStorage = () => `${dice.hex(8)}-${dice.hex(4)}-00${dice.hex(2)}-${dice.hex(4)}-${dice.hex(6)}000000`;
	const requestId = idOfStorage();
	const storageDiagnostics = { batchId: idOfStorage() };
	return {
		subject: `/blobServices/default/containers/${path.replace("/", "/blobs/")}`,
		data: {
			...{ api, clientRequestId: dice.uuid(), requestId, sequencer: world.sequencer(), storageDiagnostics },
			...{ eTag, contentType, contentLength, blobType: "BlockBlob", ...more },
			url: `https://${world.account}.${service}.core.windows.net/${path}`,
		},
	};
}
