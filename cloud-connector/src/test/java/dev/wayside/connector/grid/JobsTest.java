// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import static dev.wayside.connector.grid.World.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Jobs, with a real store and controllers, on gateways whose pods end as the test says. */
final class JobsTest {
    private static final String NEVER =
            "'template':{'spec':{'restartPolicy':'Never','containers':[{'name':'c','image':'i'}]}}";

    private final World world = new World(World.Kind.EMBEDDED);

    @AfterEach
    void close() {
        world.close();
    }

    @BeforeEach
    void node() {
        world.node("a", Map.of());
    }

    private KubeObject job(String members) {
        return world.store.create(
                ResourceType.JOBS,
                KubeObject.of(ResourceType.JOBS, "default", "work")
                        .withSpec(World.parse("{" + (members + NEVER).replace('\'', '"') + "}")),
                World.USER);
    }

    private KubeObject job() {
        return world.get(ResourceType.JOBS, "work");
    }

    private long count(String name) {
        return job().status().number(name).orElse(0);
    }

    private List<KubeObject> running() {
        return world.pods("work-")
                .filter(pod -> pod.status().text("phase").equals("Running"))
                .filter(pod -> pod.deleted().isEmpty())
                .toList();
    }

    private void end(KubeObject pod, int code) {
        JsonObject terminated =
                JsonObject.builder()
                        .put("exitCode", code)
                        .put("finishedAt", world.clock.instant().toString())
                        .build();
        JsonObject container =
                JsonObject.builder()
                        .put("name", "c")
                        .put("state", JsonObject.of("terminated", terminated))
                        .build();
        JsonObject status =
                pod.status()
                        .with("phase", code == 0 ? "Succeeded" : "Failed")
                        .with("containerStatuses", JsonArray.of(container));
        world.store.update(
                ResourceType.PODS,
                pod.withStatus(status).withoutMetadata("resourceVersion"),
                "status",
                World.USER);
    }

    private void settle(String what, BooleanSupplier condition) {
        try {
            await(what, condition);
        } catch (AssertionError e) {
            throw new AssertionError(
                    what
                            + ": "
                            + job().json().toJson()
                            + world.pods("work").toList()
                            + world.events(),
                    e);
        }
    }

    private void awaitRunning(int count) {
        settle(count + " running", () -> running().size() == count && count("active") == count);
    }

    private void awaitOver(String type) {
        settle(type, () -> job().conditionIsTrue(type));
    }

    private String reason(String type) {
        return job().condition(type).orElse(JsonObject.EMPTY).text("reason");
    }

    /** Lets a wait of the controller's be over: it looks again whenever the job changes. */
    private void pass(Duration time) {
        world.clock.advance(time);
        world.patch(
                ResourceType.JOBS,
                "work",
                "{\"metadata\":{\"annotations\":{\"at\":\"" + world.clock.instant() + "\"}}}");
    }

    @Test
    void runsAsManyPodsAtATimeUntilEnoughHaveSucceeded() {
        world.start();
        job("'completions':5,'parallelism':2,");
        awaitRunning(2);
        for (int done = 1; done <= 5; done++) {
            end(running().get(0), 0);
            long now = done;
            settle("counted", () -> count("succeeded") == now);
            awaitRunning(Math.min(2, 5 - done));
        }
        awaitOver("Complete");
        JsonObject status = job().status();
        assertThat(status.text("completionTime")).isNotEmpty();
        assertThat(status.object("uncountedTerminatedPods").isEmpty()).isTrue();
        assertThat(reason("Complete")).isEqualTo("CompletionsReached");
        assertThat(world.pods("work-"))
                .hasSize(5)
                .allSatisfy(
                        pod -> {
                            assertThat(pod.finalizers()).isEmpty();
                            assertThat(pod.labels())
                                    .containsEntry("batch.kubernetes.io/job-name", "work")
                                    .containsEntry("job-name", "work")
                                    .containsEntry(
                                            "batch.kubernetes.io/controller-uid", job().uid())
                                    .containsEntry("controller-uid", job().uid());
                        });
        settle("told", () -> world.events().contains("Completed: Job completed"));
    }

    @Test
    void eachIndexRunsOnceAndKnowsItsNumber() {
        world.start();
        job("'completions':3,'parallelism':3,'completionMode':'Indexed',");
        awaitRunning(3);
        Function<KubeObject, String> index =
                pod -> pod.annotation("batch.kubernetes.io/job-completion-index").orElse("");
        assertThat(running()).extracting(index).containsExactlyInAnyOrder("0", "1", "2");
        KubeObject one =
                running().stream()
                        .filter(pod -> index.apply(pod).equals("1"))
                        .findFirst()
                        .orElseThrow();
        assertThat(one.name()).matches("work-1-[a-z0-9]{5}");
        assertThat(one.spec().text("hostname")).isEqualTo("work-1");
        assertThat(one.spec().array("containers").objects().get(0).array("env").objects().get(0))
                .satisfies(
                        variable -> {
                            assertThat(variable.text("name")).isEqualTo("JOB_COMPLETION_INDEX");
                            assertThat(variable.text("valueFrom", "fieldRef", "fieldPath"))
                                    .isEqualTo(
                                            "metadata.labels['batch.kubernetes.io/job-completion-index']");
                        });
        end(one, 0);
        settle("index", () -> job().status().text("completedIndexes").equals("1"));
        awaitRunning(2);
        running().forEach(pod -> end(pod, 0));
        awaitOver("Complete");
        assertThat(job().status().text("completedIndexes")).isEqualTo("0-2");
        assertThat(count("succeeded")).isEqualTo(3);
    }

    @Test
    void waitsLongerAfterEachFailureAndGivesUpAtTheLimit() {
        world.start();
        job("'backoffLimit':1,");
        awaitRunning(1);
        end(running().get(0), 1);
        settle("counted", () -> count("failed") == 1 && count("active") == 0);
        pass(Duration.ofSeconds(9));
        world.stop();
        assertThat(running()).isEmpty();
        // A restart neither forgets the wait nor begins it anew.
        world.clock.advance(Duration.ofSeconds(2));
        world.start();
        awaitRunning(1);
        end(running().get(0), 1);
        awaitOver("Failed");
        assertThat(reason("Failed")).isEqualTo("BackoffLimitExceeded");
        assertThat(reason("FailureTarget")).isEqualTo("BackoffLimitExceeded");
        assertThat(count("failed")).isEqualTo(2);
    }

    @Test
    void aPodThatIsDeletedWhileItRunsIsReplacedAndCountsAsFailed() {
        world.start();
        job("");
        awaitRunning(1);
        KubeObject first = running().get(0);
        world.delete(ResourceType.PODS, first.name());
        awaitRunning(1);
        assertThat(running().get(0).uid()).isNotEqualTo(first.uid());
        settle("counted", () -> count("failed") == 1);
    }

    @Test
    void aPodIsReplacedOnlyWhenItIsOverWhereThatIsAskedFor() {
        world.start();
        job("'podReplacementPolicy':'Failed',");
        awaitRunning(1);
        world.delete(ResourceType.PODS, running().get(0).name());
        // The gateway confirms that it is gone without a word on how it ended.
        settle("counted", () -> count("failed") == 1);
        awaitRunning(1);
    }

    @Test
    void aDeadlineEndsTheJobAndItsPods() {
        world.start();
        job("'activeDeadlineSeconds':60,");
        awaitRunning(1);
        pass(Duration.ofSeconds(61));
        awaitOver("Failed");
        assertThat(reason("Failed")).isEqualTo("DeadlineExceeded");
        settle("gone", () -> running().isEmpty());
    }

    @Test
    void aDeadlineBeyondAllTimesIsNone() {
        world.start();
        job("'activeDeadlineSeconds':9223372036854775807,");
        awaitRunning(1);
    }

    @Test
    void aSuspendedJobHasNoPodsAndGoesOnWhenResumed() {
        world.start();
        job("'suspend':true,");
        settle("suspended", () -> job().conditionIsTrue("Suspended"));
        assertThat(job().status().has("startTime")).isFalse();
        world.patch(ResourceType.JOBS, "work", "{\"spec\":{\"suspend\":false}}");
        awaitRunning(1);
        assertThat(reason("Suspended")).isEqualTo("JobResumed");
        world.patch(ResourceType.JOBS, "work", "{\"spec\":{\"suspend\":true}}");
        settle("stopped", () -> running().isEmpty() && job().conditionIsTrue("Suspended"));
        world.patch(ResourceType.JOBS, "work", "{\"spec\":{\"suspend\":false}}");
        awaitRunning(1);
        // Who was stopped has not failed.
        assertThat(count("failed")).isZero();
    }

    @Test
    void anIndexThatFailsTooOftenLeavesTheOthersAlone() {
        world.start();
        job("'completions':2,'parallelism':2,'completionMode':'Indexed','backoffLimitPerIndex':1,");
        awaitRunning(2);
        Function<KubeObject, String> index =
                pod -> pod.annotation("batch.kubernetes.io/job-completion-index").orElse("");
        for (int round = 0; round < 2; round++) {
            running().stream().filter(pod -> index.apply(pod).equals("0")).forEach(p -> end(p, 1));
            settle("failed", () -> running().size() == 1 && count("active") == 1);
            pass(Duration.ofMinutes(1));
            if (round == 0) {
                awaitRunning(2);
            }
        }
        settle("index 0 failed", () -> job().status().text("failedIndexes").equals("0"));
        end(running().get(0), 0);
        awaitOver("Failed");
        assertThat(reason("Failed")).isEqualTo("FailedIndexes");
        assertThat(count("failed")).isEqualTo(2);
        assertThat(job().status().text("completedIndexes")).isEqualTo("1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"FailJob", "Ignore", "Count"})
    void thePodFailurePolicySaysWhatAnExitCodeMeans(String action) {
        world.start();
        job(
                "'podFailurePolicy':{'rules':[{'action':'ACTION','onExitCodes':{'operator':'In',"
                                .replace("ACTION", action)
                        + "'values':[42]}}]},");
        awaitRunning(1);
        end(running().get(0), 42);
        if (action.equals("FailJob")) {
            awaitOver("Failed");
            assertThat(reason("Failed")).isEqualTo("PodFailurePolicy");
            assertThat(job().condition("Failed").orElseThrow().text("message"))
                    .contains("failed with exit code 42 matching FailJob rule at index 0");
        } else {
            settle("ended", () -> count("active") == 0);
            pass(Duration.ofMinutes(1));
            awaitRunning(1);
            assertThat(count("failed")).isEqualTo(action.equals("Count") ? 1 : 0);
        }
    }

    @Test
    void aSuccessPolicyEndsTheJobEarly() {
        world.start();
        job(
                "'completions':3,'parallelism':3,'completionMode':'Indexed',"
                        + "'successPolicy':{'rules':[{'succeededIndexes':'1'}]},");
        awaitRunning(3);
        running().stream().filter(pod -> pod.name().startsWith("work-1-")).forEach(p -> end(p, 0));
        awaitOver("Complete");
        assertThat(reason("Complete")).isEqualTo("SuccessPolicy");
        assertThat(running()).isEmpty();
    }

    @Test
    void aFinishedJobGoesAfterItsTimeWithItsPods() {
        world.start();
        job("'ttlSecondsAfterFinished':100,");
        awaitRunning(1);
        end(running().get(0), 0);
        awaitOver("Complete");
        pass(Duration.ofSeconds(99));
        assertThat(world.exists(ResourceType.JOBS, "work")).isTrue();
        pass(Duration.ofSeconds(2));
        await("gone", () -> !world.exists(ResourceType.JOBS, "work"));
        await("pods gone", () -> world.pods("work-").findAny().isEmpty());
    }

    @Test
    void theJobsPodsGoWithIt() {
        world.start();
        job("'parallelism':3,");
        awaitRunning(3);
        world.delete(ResourceType.JOBS, "work");
        await("pods gone", () -> world.pods("work-").findAny().isEmpty());
    }

    @Test
    void aPodWhoseNodeIsGoneHasFailed() {
        world.start();
        job("'podReplacementPolicy':'Failed',");
        awaitRunning(1);
        world.node("b", Map.of());
        world.store.delete(
                ResourceType.NODES,
                ResourceType.NODES.key("", "a"),
                new dev.wayside.connector.store.ObjectStore.DeleteOptions(
                        java.util.OptionalLong.empty(), null, null, null, false));
        settle("failed", () -> count("failed") == 1);
    }

    @Test
    void everyEndIsCountedOnceWhateverIsKilledOrDeleted() {
        Random random = new Random(5);
        world.store.lag(() -> random.nextInt(4));
        world.start();
        job("'parallelism':4,'completions':30,'backoffLimit':1000,");
        Map<String, Integer> ended = new HashMap<>();
        ConcurrentLinkedQueue<String> made = new ConcurrentLinkedQueue<>();
        Set<String> seen = ConcurrentHashMap.newKeySet();
        world.store.observe(
                ResourceType.PODS,
                (before, after) -> {
                    if (after != null && seen.add(after.uid())) {
                        made.add(after.uid());
                    }
                });
        for (int i = 0; i < 40 && !job().conditionIsTrue("Complete"); i++) {
            settle("some run", () -> !running().isEmpty() || job().conditionIsTrue("Complete"));
            for (KubeObject pod : running()) {
                end(pod, 0);
                ended.put(pod.uid(), 0);
                if (random.nextInt(3) == 0) {
                    world.delete(ResourceType.PODS, pod.name());
                }
            }
            int writes = random.nextInt(5);
            java.util.concurrent.atomic.AtomicInteger left =
                    new java.util.concurrent.atomic.AtomicInteger(writes);
            // A kill between two writes: from here on nothing of this process gets through.
            world.store.beforeWrite(
                    (verb, object) -> {
                        if (left.getAndDecrement() <= 0 && !verb.isEmpty() && isOfJob(object)) {
                            throw new ApiException(Reason.UNAVAILABLE, "killed");
                        }
                    });
            settle("killed", () -> left.get() < 0 || job().conditionIsTrue("Complete"));
            world.stop();
            world.store.beforeWrite((verb, object) -> {});
            world.start();
        }
        awaitOver("Complete");
        assertThat(count("succeeded")).isEqualTo(30);
        assertThat(count("failed")).isZero();
        assertThat(ended).hasSize(30);
        assertThat(made).hasSize(30);
    }

    private static boolean isOfJob(KubeObject object) {
        return object.kind().equals("Job")
                || (object.kind().equals("Pod") && object.name().startsWith("work"));
    }
}
