// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.KubeObject;
import dev.wayside.testing.Eventually;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Jobs, CronJobs and DaemonSets as people use them with kubectl, as host processes. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class JobsIT {
    private static final String IMAGE = "--image=wayside.dev/host";

    private Installation wayside;

    @BeforeAll
    void up() throws Exception {
        wayside = Installation.withProcesses();
        wayside.up(2, 2);
    }

    @AfterAll
    void down() throws Exception {
        if (wayside != null) {
            wayside.close();
        }
    }

    private String kubectl(String... words) throws Exception {
        return wayside.kubectl(words).ok();
    }

    private void job(String name, String members, String restart, String command) throws Exception {
        wayside.apply(
                """
                apiVersion: batch/v1
                kind: Job
                metadata: {name: NAME}
                spec:
                  MEMBERS
                  template:
                    spec:
                      restartPolicy: RESTART
                      containers:
                      - {name: c, image: wayside.dev/host, command: [sh, -c, 'COMMAND']}
                """
                        .replace("NAME", name)
                        .replace("MEMBERS", members)
                        .replace("RESTART", restart)
                        .replace("COMMAND", command));
    }

    private void await(String condition, String name) throws Exception {
        kubectl("wait", "--for=condition=" + condition, "job/" + name, "--timeout=90s");
    }

    @Test
    void jobsRunToTheirEnd() throws Exception {
        Path once = wayside.data().resolve("once");
        kubectl("create", "job", "one", IMAGE, "--", "sh", "-c", "exit 0");
        job("bad", "backoffLimit: 0", "Never", "exit 3");
        job(
                "again",
                "backoffLimit: 3",
                "OnFailure",
                "[ -e " + once + " ] || { touch " + once + "; exit 1; }");
        job(
                "numbers",
                "completions: 2\n  parallelism: 2\n  completionMode: Indexed",
                "Never",
                "touch " + wayside.data() + "/index-$JOB_COMPLETION_INDEX");
        await("complete", "one");
        await("failed", "bad");
        await("complete", "again");
        await("complete", "numbers");
        assertThat(kubectl("get", "jobs"))
                .containsPattern("NAME +STATUS +COMPLETIONS +DURATION +AGE")
                .containsPattern("one +Complete +1/1")
                .containsPattern("bad +Failed +0/1")
                .containsPattern("numbers +Complete +2/2");
        assertThat(wayside.data().resolve("index-0")).exists();
        assertThat(wayside.data().resolve("index-1")).exists();
        assertThat(Files.exists(once)).isTrue();
        KubeObject bad = wayside.get("jobs", "--field-selector=metadata.name=bad").get(0);
        assertThat(bad.condition("Failed").orElseThrow().text("reason"))
                .isEqualTo("BackoffLimitExceeded");
        KubeObject pod = wayside.get("pods", "-l", "job-name=bad").get(0);
        assertThat(pod.status().text("phase")).isEqualTo("Failed");
        assertThat(pod.finalizers()).isEmpty();
        KubeObject retried = wayside.get("pods", "-l", "job-name=again").get(0);
        assertThat(retried.status().text("phase")).isEqualTo("Succeeded");
        assertThat(kubectl("describe", "job", "one")).contains("Completed", "1 Succeeded");
        kubectl("delete", "job", "one", "bad", "again", "numbers", "--timeout=60s");
        Eventually.see(
                "no pods of theirs",
                Duration.ofSeconds(60),
                () -> wayside.get("pods", "-l", "job-name in (one,bad,again,numbers)"),
                List::isEmpty);
    }

    @Test
    void cronJobsMakeJobsByTheClockAndByHand() throws Exception {
        kubectl("create", "cronjob", "tick", IMAGE, "--schedule=* * * * *", "--", "true");
        assertThat(kubectl("get", "cronjobs"))
                .containsPattern("NAME +SCHEDULE +TIMEZONE +SUSPEND +ACTIVE +LAST SCHEDULE +AGE")
                .containsPattern("tick +\\* \\* \\* \\* \\* +<none> +False");
        kubectl("create", "job", "by-hand", "--from=cronjob/tick");
        await("complete", "by-hand");
        List<KubeObject> made =
                Eventually.see(
                        "a job by the clock",
                        Duration.ofMinutes(2),
                        () -> wayside.get("jobs"),
                        jobs ->
                                jobs.stream()
                                        .anyMatch(
                                                job ->
                                                        job.name().matches("tick-[0-9]{8}")
                                                                && job.conditionIsTrue(
                                                                        "Complete")));
        assertThat(made).isNotEmpty();
        kubectl("delete", "cronjob", "tick");
        Eventually.see(
                "its jobs gone",
                Duration.ofSeconds(60),
                () -> wayside.get("jobs"),
                jobs -> jobs.stream().noneMatch(job -> job.name().startsWith("tick-")));
    }

    @Test
    void aDaemonSetIsRolledOutAndBack() throws Exception {
        wayside.apply(
                """
                apiVersion: apps/v1
                kind: DaemonSet
                metadata: {name: agent}
                spec:
                  selector: {matchLabels: {app: agent}}
                  template:
                    metadata: {labels: {app: agent}}
                    spec:
                      terminationGracePeriodSeconds: 1
                      containers:
                      - {name: c, image: wayside.dev/host, command: [sleep, '100000']}
                """);
        rolledOut();
        assertThat(wayside.awaitRunning("app=agent", 2))
                .extracting(pod -> pod.spec().text("nodeName"))
                .containsExactlyInAnyOrder("gw-1", "gw-2");
        kubectl("set", "env", "daemonset/agent", "COLOUR=blue");
        rolledOut();
        assertThat(kubectl("rollout", "history", "daemonset/agent")).contains("1 ", "2 ");
        assertThat(kubectl("rollout", "undo", "daemonset/agent")).contains("rolled back");
        rolledOut();
        assertThat(wayside.get("pods", "-l", "app=agent"))
                .noneMatch(pod -> pod.json().toJson().contains("COLOUR"));
        assertThat(kubectl("rollout", "history", "daemonset/agent")).contains("2 ", "3 ");
        kubectl("rollout", "restart", "daemonset/agent");
        rolledOut();
        assertThat(kubectl("get", "ds")).containsPattern("agent +2 +2 +2 +2 +2 +<none>");
    }

    private void rolledOut() throws Exception {
        assertThat(kubectl("rollout", "status", "daemonset/agent", "--timeout=120s"))
                .contains("successfully rolled out");
    }
}
