// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;

/** CronJob: a Job at certain times. */
final class CronJobKind extends TypedKind {
    /** A Job's name is longer by a dash and up to ten digits, and has to be a label. */
    private static final int MOST_NAME = 52;

    private static final List<String> POLICIES = List.of("Allow", "Forbid", "Replace");

    CronJobKind(TypeTable table) {
        super(
                Facts.of(ResourceType.CRON_JOBS, "batch/v1.CronJob", "cj")
                        .inAll()
                        .with("status")
                        .countingGenerations(),
                table);
    }

    @Override
    KubeObject defaulted(KubeObject cronJob) {
        JsonObject spec = cronJob.spec();
        spec = PodDefaults.absent(spec, "concurrencyPolicy", Json.of("Allow"));
        spec = PodDefaults.absent(spec, "suspend", Json.of(false));
        spec = PodDefaults.absent(spec, "successfulJobsHistoryLimit", Json.of(3));
        spec = PodDefaults.absent(spec, "failedJobsHistoryLimit", Json.of(1));
        JsonObject template = spec.object("jobTemplate");
        template = template.with("spec", JobRules.template(template.object("spec")));
        return cronJob.withSpec(spec.with("jobTemplate", template));
    }

    @Override
    void check(KubeObject cronJob, Errors errors) {
        JsonObject spec = cronJob.spec();
        schedule(spec, errors);
        for (String count :
                List.of(
                        "startingDeadlineSeconds",
                        "successfulJobsHistoryLimit",
                        "failedJobsHistoryLimit")) {
            errors.nonNegative("spec." + count, spec.number(count).orElse(0));
        }
        String policy = spec.text("concurrencyPolicy");
        if (policy.isEmpty()) {
            errors.required("spec.concurrencyPolicy");
        } else if (!POLICIES.contains(policy)) {
            errors.notSupported("spec.concurrencyPolicy", policy, POLICIES);
        }
        JsonObject job = spec.object("jobTemplate", "spec");
        JobRules.check(job, "spec.jobTemplate.spec", errors);
        MetadataRules.labels(
                spec.object("jobTemplate", "metadata", "labels"),
                "spec.jobTemplate.metadata.labels",
                errors);
        MetadataRules.annotations(
                spec.object("jobTemplate", "metadata", "annotations"),
                "spec.jobTemplate.metadata.annotations",
                errors);
        if (job.has("selector")) {
            errors.invalid(
                    "spec.jobTemplate.spec.selector",
                    job.object("selector"),
                    "`selector` will be auto-generated");
        }
        if (job.flag("manualSelector")) {
            errors.notSupported(
                    "spec.jobTemplate.spec.manualSelector", "true", List.of("nil", "false"));
        }
        if (cronJob.name().length() > MOST_NAME) {
            errors.invalid("metadata.name", cronJob.name(), "must be no more than 52 characters");
        }
    }

    private static void schedule(JsonObject spec, Errors errors) {
        String schedule = spec.text("schedule");
        if (schedule.isEmpty()) {
            errors.required("spec.schedule");
        } else if (schedule.contains("TZ")) {
            errors.invalid(
                    "spec.schedule",
                    schedule,
                    "cannot use TZ or CRON_TZ in schedule, use timeZone field instead");
        } else {
            try {
                CronSchedule.parse(schedule);
            } catch (IllegalArgumentException e) {
                errors.invalid("spec.schedule", schedule, String.valueOf(e.getMessage()));
            }
        }
        String zone = spec.text("timeZone");
        if (!spec.has("timeZone")) {
            return;
        }
        if (zone.isEmpty()) {
            errors.invalid("spec.timeZone", zone, "timeZone must be nil or non-empty string");
        } else if (zone.equalsIgnoreCase("local")) {
            errors.invalid(
                    "spec.timeZone",
                    zone,
                    "timeZone must be an explicit time zone as defined in"
                            + " https://www.iana.org/time-zones");
        } else if (!ZoneId.getAvailableZoneIds().contains(zone)) {
            errors.invalid("spec.timeZone", zone, "unknown time zone " + zone);
        }
    }

    @Override
    public List<Column> columns() {
        List<Column> columns = new ArrayList<>();
        columns.add(Cells.NAME);
        columns.add(Cells.text("Schedule", "When a job is due."));
        columns.add(Cells.text("Timezone", "The time zone of the schedule."));
        columns.add(Cells.text("Suspend", "Whether no more jobs are made."));
        columns.add(Cells.number("Active", "Jobs that run now."));
        columns.add(Cells.text("Last Schedule", "How long ago the last job was due."));
        columns.add(Cells.AGE);
        columns.addAll(Cells.WORKLOAD_WIDE);
        return columns;
    }

    @Override
    public List<Json> cells(KubeObject cronJob, Instant now) {
        JsonObject spec = cronJob.spec();
        List<Json> cells = new ArrayList<>();
        cells.add(Cells.name(cronJob));
        cells.add(Json.of(spec.text("schedule")));
        cells.add(Cells.orElse(spec.text("timeZone"), "<none>"));
        cells.add(
                Json.of(
                        spec.has("suspend")
                                ? (spec.flag("suspend") ? "True" : "False")
                                : "<unset>"));
        cells.add(Json.of(cronJob.status().array("active").size()));
        cells.add(
                Json.of(
                        KubeObject.time(cronJob.status(), "lastScheduleTime").isEmpty()
                                ? "<none>"
                                : HumanDuration.since(
                                        KubeObject.time(cronJob.status(), "lastScheduleTime"),
                                        now)));
        cells.add(Cells.age(cronJob, now));
        cells.addAll(Cells.workload(spec.object("jobTemplate", "spec")));
        return cells;
    }
}
