// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.connector.schema.CronSchedule;
import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore.Propagation;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.OwnerReference;
import dev.wayside.model.ResourceType;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * One look at one CronJob: what of its Jobs is over, which old ones go, and whether one is due.
 *
 * <p>Of the times since the last Job only the newest counts, so an outage or a leap of the clock is
 * made up for by one Job. A clock that goes back makes nothing due until it has passed the last
 * time again; but if that is more than a day ahead, the clock was wrong before, and times count
 * from now. The time is written into the status after the Job was made: killed in between, the next
 * look finds the name taken by a Job of its own, and goes on.
 */
final class CronJobStep {
    private static final WriteOptions AS_ME = WriteOptions.by(CronJobController.NAME);
    private static final int TOO_MANY_MISSED = 100;

    /** The clock may jump, so it is looked at this often. */
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(30);

    /** A last time so far ahead tells of a clock that was wrong, and must not stop all others. */
    private static final Duration WRONG_CLOCK = Duration.ofDays(1);

    private static final String LAST_TIME = "lastScheduleTime";
    private static final String SCHEDULED_AT = "batch.kubernetes.io/cronjob-scheduled-timestamp";

    private static final Comparator<KubeObject> OLDEST =
            Comparator.comparing(
                            (KubeObject job) ->
                                    KubeObject.time(job.status(), "startTime")
                                            .or(job::created)
                                            .orElse(Instant.MAX))
                    .thenComparing(KubeObject::name);

    private final Cluster cluster;
    private final Informer jobs;
    private final KubeObject cronJob;
    private final Instant now;
    private JsonObject status;

    CronJobStep(Cluster cluster, KubeObject cronJob) {
        this.cluster = cluster;
        this.jobs = cluster.informer(ResourceType.JOBS);
        this.cronJob = cronJob;
        this.now = cluster.clock().instant();
        this.status = cronJob.status();
    }

    Optional<Duration> run() {
        List<KubeObject> mine = mine();
        noteLastTime(mine);
        noteSuccess(mine);
        trim(mine, "Complete", "successfulJobsHistoryLimit", 3);
        trim(mine, "Failed", "failedJobsHistoryLimit", 1);
        Optional<Duration> next = Optional.empty();
        try {
            next = schedule();
        } finally {
            JsonArray active = active(mine());
            status = active.isEmpty() ? status.without("active") : status.with("active", active);
            writeStatus();
        }
        return next;
    }

    private List<KubeObject> mine() {
        return jobs.ownedBy(cronJob.uid()).stream()
                .filter(
                        job ->
                                job.controller()
                                        .filter(owner -> owner.uid().equals(cronJob.uid()))
                                        .isPresent())
                .sorted(OLDEST)
                .toList();
    }

    private static boolean isActive(KubeObject job) {
        return !JobVerdict.isOver(job) && job.deleted().isEmpty();
    }

    private static JsonArray active(List<KubeObject> mine) {
        List<Json> references = new ArrayList<>();
        for (KubeObject job : mine) {
            if (isActive(job)) {
                references.add(
                        JsonObject.builder()
                                .put("apiVersion", ResourceType.JOBS.apiVersion())
                                .put("kind", ResourceType.JOBS.kind())
                                .put("name", job.name())
                                .put("namespace", job.namespace())
                                .put("uid", job.uid())
                                .build());
            }
        }
        return new JsonArray(references);
    }

    private void writeStatus() {
        cluster.writeStatus(ResourceType.CRON_JOBS, cronJob, status, CronJobController.NAME);
    }

    /** A Job that was made and not noted must be noted before it may go. */
    private void noteLastTime(List<KubeObject> mine) {
        Optional<Instant> noted = KubeObject.time(status, LAST_TIME);
        Instant last = noted.orElse(Instant.MIN);
        for (KubeObject job : mine) {
            Optional<Instant> time = time(job);
            last = time.isPresent() && time.get().isAfter(last) ? time.get() : last;
        }
        if (last.isAfter(now.plus(WRONG_CLOCK))) {
            warn(
                    "ClockWentBack",
                    "the last time that a job was due, "
                            + last
                            + ", is more than a day ahead; counting from now");
            last = now;
        }
        if (last.isAfter(noted.orElse(Instant.MIN)) || last.equals(now)) {
            status = status.with(LAST_TIME, Conditions.time(last));
            writeStatus();
        }
    }

    /** The time that a Job was made for; empty for one that somebody made by hand. */
    private Optional<Instant> time(KubeObject job) {
        try {
            return job.annotation(SCHEDULED_AT)
                    .map(text -> OffsetDateTime.parse(text).toInstant())
                    .filter(time -> job.name().equals(name(time)))
                    .filter(time -> !time.isAfter(now.plus(WRONG_CLOCK)));
        } catch (DateTimeException e) {
            // Somebody wrote into it.
            return Optional.empty();
        }
    }

    private String name(Instant due) {
        return cronJob.name() + "-" + due.getEpochSecond() / 60;
    }

    private void noteSuccess(List<KubeObject> mine) {
        Instant last = KubeObject.time(status, "lastSuccessfulTime").orElse(Instant.MIN);
        for (KubeObject job : mine) {
            Optional<Instant> end = KubeObject.time(job.status(), "completionTime");
            if (job.conditionIsTrue("Complete") && end.isPresent() && end.get().isAfter(last)) {
                last = end.get();
                status = status.with("lastSuccessfulTime", Conditions.time(last));
            }
        }
        for (JsonObject reference : status.array("active").objects()) {
            mine.stream()
                    .filter(job -> job.uid().equals(reference.text("uid")))
                    .filter(JobVerdict::isOver)
                    .forEach(
                            job ->
                                    cluster.normal(
                                            cronJob,
                                            "SawCompletedJob",
                                            "Saw completed job: "
                                                    + job.name()
                                                    + ", condition: "
                                                    + (job.conditionIsTrue("Complete")
                                                            ? "Complete"
                                                            : "Failed"),
                                            CronJobController.NAME));
        }
    }

    private void trim(List<KubeObject> mine, String condition, String limit, long otherwise) {
        List<KubeObject> over =
                mine.stream()
                        .filter(job -> job.conditionIsTrue(condition))
                        .filter(job -> job.deleted().isEmpty())
                        .toList();
        long surplus = over.size() - cronJob.spec().number(limit).orElse(otherwise);
        over.stream().limit(Math.max(0, surplus)).forEach(this::delete);
    }

    private void delete(KubeObject job) {
        if (cluster.delete(ResourceType.JOBS, job, Propagation.BACKGROUND)) {
            tell("SuccessfulDelete", "Deleted job " + job.name());
        }
    }

    private Optional<Duration> schedule() {
        JsonObject spec = cronJob.spec();
        if (spec.flag("suspend")) {
            return Optional.empty();
        }
        CronSchedule times;
        ZoneId zone;
        try {
            times = CronSchedule.parse(spec.text("schedule"));
            zone = spec.has("timeZone") ? ZoneId.of(spec.text("timeZone")) : ZoneOffset.UTC;
        } catch (IllegalArgumentException | DateTimeException e) {
            // Validation lets none through; a later version of the zones may have dropped one.
            warn("UnparseableSchedule", "unparseable schedule or time zone: " + e.getMessage());
            return Optional.empty();
        }
        Instant earliest = KubeObject.time(status, LAST_TIME).or(cronJob::created).orElse(now);
        Instant last = earliest;
        OptionalLong deadline = JobPods.seconds(cronJob, "startingDeadlineSeconds");
        if (deadline.isPresent()) {
            Instant tooLate = now.minusSeconds(deadline.getAsLong());
            earliest = tooLate.isAfter(earliest) ? tooLate : earliest;
        }
        Optional<Instant> due = times.last(earliest, now, zone);
        if (due.isPresent()) {
            if (times.count(earliest, now, zone, TOO_MANY_MISSED + 1) > TOO_MANY_MISSED) {
                warn(
                        "TooManyMissedTimes",
                        "too many missed start times. Set or decrease"
                                + " .spec.startingDeadlineSeconds or check clock skew");
            }
            run(due.get());
        } else if (deadline.isPresent()) {
            // Told when it has just become too late, not at each look.
            times.last(last, now, zone)
                    .filter(
                            missed ->
                                    missed.plusSeconds(deadline.getAsLong())
                                            .plus(LONGEST_WAIT)
                                            .isAfter(now))
                    .ifPresent(
                            missed ->
                                    warn(
                                            "MissSchedule",
                                            "Missed scheduled time to start a job: " + missed));
        }
        return times.next(now, zone)
                .map(next -> Duration.between(now, next).plusMillis(100))
                .map(wait -> wait.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : wait)
                .or(() -> Optional.of(LONGEST_WAIT));
    }

    private void run(Instant due) {
        List<KubeObject> active = mine().stream().filter(CronJobStep::isActive).toList();
        String policy = cronJob.spec().text("concurrencyPolicy");
        KubeObject job = job(due);
        boolean made = active.stream().anyMatch(each -> each.name().equals(job.name()));
        if (!made && policy.equals("Forbid") && !active.isEmpty()) {
            tell(
                    "JobAlreadyActive",
                    "Not starting job because prior execution is running and concurrency policy is"
                            + " Forbid");
            return; // it is made up for when the other one is over
        }
        if (!made && policy.equals("Replace")) {
            active.forEach(this::delete);
        }
        try {
            jobs.write(() -> cluster.store().create(ResourceType.JOBS, job, AS_ME));
            tell("SuccessfulCreate", "Created job " + job.name());
        } catch (ApiException e) {
            if (e.reason() != Reason.ALREADY_EXISTS) {
                warn("FailedCreate", "Error creating job: " + e.getMessage());
                throw e;
            }
            // Of an earlier try; or somebody's, who has the name and so the time.
        }
        status = status.with(LAST_TIME, Conditions.time(due));
    }

    private KubeObject job(Instant due) {
        JsonObject template = cronJob.spec().object("jobTemplate");
        ZoneId zone =
                cronJob.spec().has("timeZone")
                        ? ZoneId.of(cronJob.spec().text("timeZone"))
                        : ZoneOffset.UTC;
        JsonObject annotations =
                template.object("metadata", "annotations")
                        .with(
                                SCHEDULED_AT,
                                java.time.format.DateTimeFormatter.ISO_OFFSET_DATE_TIME.format(
                                        due.atZone(zone)));
        KubeObject job = KubeObject.of(ResourceType.JOBS, cronJob.namespace(), name(due));
        return job.withMetadata(
                        job.metadata().toBuilder()
                                .putUnlessEmpty("labels", template.object("metadata", "labels"))
                                .put("annotations", annotations)
                                .put(
                                        "ownerReferences",
                                        JsonArray.of(OwnerReference.controllerOf(cronJob).toJson()))
                                .build())
                .withSpec(template.object("spec"));
    }

    private void tell(String reason, String message) {
        cluster.normal(cronJob, reason, message, CronJobController.NAME);
    }

    private void warn(String reason, String message) {
        cluster.warn(cronJob, reason, message, CronJobController.NAME);
    }
}
