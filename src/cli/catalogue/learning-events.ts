import type { Matter } from "./sample-event.ts";
import type { World } from "./world.ts";

const EXPERIMENTS = ["fraud-model", "churn-forecast", "demand-forecast", "defect-detection"] as const;
const RUN_TYPES = ["azureml.scriptrun", "azureml.PipelineRun", "azureml.StepRun", "azureml.HyperDrive"] as const;
const STATUSES = ["Queued", "Preparing", "Running", "Finalizing", "Completed", "Failed", "Canceled"] as const;
const COMPUTES = ["AKS", "ACI", "Managed"] as const;

/**
 * What Azure Machine Learning tells of, by the name of the type.
 * Source: learn.microsoft.com, "Azure Machine Learning as an Event Grid source".
 */
export const LEARNING_EVENTS: Readonly<Record<string, (world: World) => Matter>> = {
	RunCompleted: run,
	RunStatusChanged: (world) => {
		const { subject, data } = run(world);
		return { subject, data: { ...data, runStatus: world.dice.pick(STATUSES) } };
	},
	ModelRegistered: (world) => {
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
	ModelDeployed: (world) => {
		const model = world.dice.pick(EXPERIMENTS);
		const serviceName = `${model}-scoring`;
		return {
			subject: `endpoints/${serviceName}`,
			data: {
				serviceName,
				serviceComputeType: world.dice.pick(COMPUTES),
				modelIds: `${model}:${world.count(`deployment of ${model}`)},${model}-features:${1 + world.dice.below(9)}`,
				serviceTags: { team: "payments" },
				serviceProperties: {},
			},
		};
	},
	DatasetDriftDetected: (world) => {
		const dataDriftName = `${world.dice.pick(["transactions", "customers", "sensors"])}-drift`;
		const dataDriftId = world.idOf(dataDriftName);
		const day = new Date(world.now()).toISOString().slice(0, 10);
		const runId = `${dataDriftName.replaceAll("-", "_")}_${day.replaceAll("-", "_")}_${world.dice.hex(6)}`;
		return {
			subject: `datadrift/${dataDriftId}/run/${runId}`,
			data: {
				dataDriftId,
				dataDriftName,
				runId,
				baseDatasetId: world.idOf(`baseline of ${dataDriftName}`),
				targetDatasetId: world.idOf(`target of ${dataDriftName}`),
				driftCoefficient: (3000 + world.dice.below(7000)) / 10_000,
				startTime: `${new Date(world.now() - 14 * 86_400_000).toISOString().slice(0, 10)}T00:00:00+00:00`,
				endTime: `${day}T00:00:00+00:00`,
			},
		};
	},
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
