package sluice.bench;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.configuration.WebOptions;
import org.apache.flink.core.execution.CheckpointingMode;
import org.apache.flink.runtime.checkpoint.AbstractCheckpointStats;
import org.apache.flink.runtime.checkpoint.CheckpointStatsStatus;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** One job on a cluster within this process, set up for throughput. */
final class Cluster implements AutoCloseable {
  private final Configuration configuration;
  private final MiniCluster cluster;
  private JobID job;

  Cluster(Options options) throws Exception {
    configuration = configurationOf(options);
    cluster =
        new MiniCluster(
            new MiniClusterConfiguration.Builder()
                .setConfiguration(configuration)
                .setNumTaskManagers(1)
                .setNumSlotsPerTaskManager(options.parallelism())
                .build());
    cluster.start();
  }

  private static Configuration configurationOf(Options options) {
    Configuration configuration = new Configuration();
    configuration.set(PipelineOptions.OBJECT_REUSE, true);
    // Without these, a type that has no serialiser of its own fails the job at its start.
    configuration.set(PipelineOptions.GENERIC_TYPES, false);
    configuration.set(StateBackendOptions.STATE_BACKEND, "hashmap");
    configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "none");
    configuration.set(RestOptions.BIND_PORT, "0");
    configuration.set(TaskManagerOptions.NETWORK_MEMORY_MIN, MemorySize.ofMebiBytes(256));
    configuration.set(TaskManagerOptions.NETWORK_MEMORY_MAX, MemorySize.ofMebiBytes(256));
    if (options.checkpoints()) {
      String directory = Path.of(options.directory()).toUri().toString();
      configuration.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, Duration.ofSeconds(1));
      configuration.set(
          CheckpointingOptions.CHECKPOINTING_CONSISTENCY_MODE, CheckpointingMode.EXACTLY_ONCE);
      configuration.set(CheckpointingOptions.CHECKPOINT_STORAGE, "filesystem");
      configuration.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, directory);
      options.mode().apply(configuration);
      configuration.set(WebOptions.CHECKPOINTS_HISTORY_SIZE, 1000);
    }
    return configuration;
  }

  void start(Options options) throws Exception {
    StreamExecutionEnvironment env =
        StreamExecutionEnvironment.getExecutionEnvironment(configuration);
    env.setParallelism(options.parallelism());
    Jobs.describe(env, options);
    job = cluster.submitJob(env.getStreamGraph().getJobGraph()).get().getJobID();
  }

  /** Throws what the job failed with, if it has come to an end. */
  void insistOnRunning() throws Exception {
    if (!cluster.getJobStatus(job).get().isTerminalState()) return;
    try {
      cluster.requestJobResult(job).get().toJobExecutionResult(getClass().getClassLoader());
    } catch (ExecutionException e) {
      throw new IllegalStateException("the job failed", e.getCause());
    }
    throw new IllegalStateException("the job has come to an end");
  }

  /** Checkpoints that were triggered at or after a time and are complete, the oldest first. */
  List<AbstractCheckpointStats> checkpointsSince(long triggeredMs) throws Exception {
    var stats = cluster.getExecutionGraph(job).get().getCheckpointStatsSnapshot();
    if (stats == null) return List.of();
    return stats.getHistory().getCheckpoints().stream()
        .filter(one -> one.getStatus() == CheckpointStatsStatus.COMPLETED)
        .filter(one -> one.getTriggerTimestamp() >= triggeredMs)
        .sorted((a, b) -> Long.compare(a.getCheckpointId(), b.getCheckpointId()))
        .toList();
  }

  long failedCheckpoints() throws Exception {
    var stats = cluster.getExecutionGraph(job).get().getCheckpointStatsSnapshot();
    return stats == null ? 0 : stats.getCounts().getNumberOfFailedCheckpoints();
  }

  @Override
  public void close() throws Exception {
    if (job != null && !cluster.getJobStatus(job).get().isTerminalState()) {
      cluster.cancelJob(job).get();
    }
    cluster.close();
  }
}
