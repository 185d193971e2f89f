// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Job: pods that run to their end, so and so many times. */
final class JobKind extends TypedKind {

    JobKind(TypeTable table) {
        super(
                Facts.of(ResourceType.JOBS, "batch/v1.Job")
                        .inAll()
                        .with("status")
                        .countingGenerations(),
                table);
    }

    @Override
    KubeObject defaulted(KubeObject job) {
        JsonObject labels = job.spec().object("template", "metadata", "labels");
        KubeObject labelled =
                job.labels().isEmpty() && !labels.isEmpty()
                        ? job.withMetadata("labels", labels)
                        : job;
        return JobRules.selecting(labelled.withSpec(JobRules.defaulted(job.spec())));
    }

    @Override
    void check(KubeObject job, Errors errors) {
        JobRules.check(job.spec(), "spec", errors);
        JobRules.selector(job, errors);
    }

    @Override
    void checkUpdate(KubeObject before, KubeObject after, String subresource, Errors errors) {
        JobRules.checkUpdate(before, after, errors);
    }

    @Override
    Map<String, Function<KubeObject, String>> selectable() {
        return Map.of(
                "status.successful",
                job -> Long.toString(job.status().number("succeeded").orElse(0)));
    }

    @Override
    public List<Column> columns() {
        List<Column> columns = new ArrayList<>();
        columns.add(Cells.NAME);
        columns.add(Cells.text("Status", "How far the job is."));
        columns.add(Cells.text("Completions", "Pods that succeeded, of those asked for."));
        columns.add(Cells.text("Duration", "Time required to complete the job."));
        columns.add(Cells.AGE);
        columns.addAll(Cells.WORKLOAD_WIDE);
        return columns;
    }

    @Override
    public List<Json> cells(KubeObject job, Instant now) {
        List<Json> cells = new ArrayList<>();
        cells.add(Cells.name(job));
        cells.add(Json.of(status(job)));
        cells.add(Json.of(completions(job)));
        cells.add(Json.of(duration(job, now)));
        cells.add(Cells.age(job, now));
        cells.addAll(Cells.workload(job.spec()));
        return cells;
    }

    private static String status(KubeObject job) {
        for (String over : List.of("Complete", "Failed")) {
            if (job.conditionIsTrue(over)) {
                return over;
            }
        }
        if (job.deleted().isPresent()) {
            return "Terminating";
        }
        for (String state : List.of("Suspended", "FailureTarget", "SuccessCriteriaMet")) {
            if (job.conditionIsTrue(state)) {
                return state;
            }
        }
        return "Running";
    }

    private static String completions(KubeObject job) {
        long succeeded = job.status().number("succeeded").orElse(0);
        if (job.spec().has("completions")) {
            return succeeded + "/" + job.spec().number("completions").orElse(0);
        }
        long parallelism = job.spec().number("parallelism").orElse(0);
        return parallelism > 1 ? succeeded + "/1 of " + parallelism : succeeded + "/1";
    }

    private static String duration(KubeObject job, Instant now) {
        Optional<Instant> start = KubeObject.time(job.status(), "startTime");
        Instant end = KubeObject.time(job.status(), "completionTime").orElse(now);
        return start.map(since -> HumanDuration.of(Duration.between(since, end))).orElse("");
    }
}
