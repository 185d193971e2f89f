// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.api.driver.PodReality;
import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.PodRequests;
import dev.wayside.model.ResourceType;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Plans for situations that are rare or that no fake brings about. */
final class PlannerTest {
    private static final Instant NOW = Instant.parse("2026-11-24T00:00:00Z");
    private static final Duration UPTIME = Duration.ofHours(1);
    private static final String SPEC =
            """
            {"terminationGracePeriodSeconds": 9, "containers": [{"name": "web", "image": "web:1"}]}\
            """;
    private static final String HASH =
            SpecHash.of(
                    TestGateway.parse(
                            """
                            {"name": "web", "image": "web:1"}\
                            """),
                    JsonObject.EMPTY);

    private final Planner planner = new Planner(Path.of("/pods"), Path.of("/volumes"));
    private PodMemory memory = PodMemory.EMPTY;
    private Map<String, Integer> former = Map.of();
    private JsonObject lastStatus = JsonObject.EMPTY;

    private static KubeObject pod(String spec) {
        return KubeObject.of(ResourceType.PODS, "default", "web")
                .withMetadata("uid", Json.of("u-1"))
                .withSpec(TestGateway.parse(spec));
    }

    private static PodReality reality(boolean sandbox, PodReality.Container... containers) {
        return new PodReality(
                "u-1",
                "default",
                "web",
                sandbox,
                sandbox ? "sandbox-1" : "",
                "10.0.0.5",
                List.of(containers));
    }

    private static PodReality.Container container(
            int attempt, PodReality.State state, String hash) {
        return new PodReality.Container(
                "docker://" + attempt,
                "web",
                attempt,
                hash,
                "web:1",
                "sha256:1",
                state,
                state == PodReality.State.CREATED ? null : NOW,
                state == PodReality.State.EXITED ? NOW : null,
                0,
                "");
    }

    private List<Action> plan(@Nullable KubeObject pod, @Nullable PodReality reality) {
        return plan(pod, reality, true);
    }

    private List<Action> plan(
            @Nullable KubeObject pod, @Nullable PodReality reality, boolean complete) {
        PodRecord record =
                new PodRecord(
                        ResourceType.PODS.key("default", "web"),
                        "u-1",
                        "",
                        "",
                        NOW,
                        new PodRequests(0, 0, Set.of()),
                        9,
                        "docker",
                        "sandbox-1",
                        former);
        return planner.plan(
                new PodFacts(
                        "u-1",
                        pod,
                        complete,
                        reality,
                        record,
                        Inputs.NONE,
                        PodFacts.Volumes.NONE,
                        lastStatus,
                        memory,
                        new PodFacts.NodeFacts("gateway-1", "10.0.0.0/24", "192.0.2.7"),
                        "docker",
                        NOW,
                        UPTIME));
    }

    private static List<String> names(List<Action> actions) {
        return actions.stream().map(action -> action.getClass().getSimpleName()).toList();
    }

    @Test
    void aPlanDependsOnItsFactsAlone() {
        PodReality reality = reality(false);
        assertThat(plan(pod(SPEC), reality)).isEqualTo(plan(pod(SPEC), reality));
    }

    @Test
    void nothingIsDoneToAPodOfWhichItIsNotKnownWhetherItIsAskedFor() {
        PodReality running = reality(true, container(0, PodReality.State.RUNNING, HASH));
        assertThat(plan(null, running, false)).isEmpty();
        assertThat(names(plan(null, running, true))).containsExactly("StopContainer");
    }

    @Test
    void anOlderAttemptThatRunsIsStoppedBeforeANewerOneIsStarted() {
        List<Action> actions =
                plan(
                        pod(SPEC),
                        reality(
                                true,
                                container(0, PodReality.State.RUNNING, HASH),
                                container(1, PodReality.State.CREATED, HASH)));
        assertThat(names(actions)).containsExactly("StopContainer", "ReportStatus");
        assertThat(((Action.StopContainer) actions.get(0)).containerId()).isEqualTo("docker://0");
        assertThat(((Action.StopContainer) actions.get(0)).grace())
                .isEqualTo(Duration.ofSeconds(9));
    }

    @Test
    void whatWasMadeFromAnotherSpecIsMadeAnew() {
        assertThat(
                        names(
                                plan(
                                        pod(SPEC),
                                        reality(
                                                true,
                                                container(0, PodReality.State.CREATED, "v1-x")))))
                .containsExactly("RemoveContainer");
        assertThat(
                        names(
                                plan(
                                        pod(SPEC),
                                        reality(
                                                true,
                                                container(0, PodReality.State.RUNNING, "v1-x")))))
                .containsExactly("StopContainer", "ReportStatus");
        assertThat(
                        names(
                                plan(
                                        pod(SPEC),
                                        reality(
                                                true,
                                                container(0, PodReality.State.RUNNING, "v0-x")))))
                .containsExactly("ReportStatus");
    }

    @Test
    void aContainerThatIsBeingStoppedIsNotStoppedAgain() {
        memory = memory.stopping("docker://0", UPTIME.plusSeconds(5));
        assertThat(
                        names(
                                plan(
                                        pod(SPEC),
                                        reality(
                                                true,
                                                container(0, PodReality.State.RUNNING, "v1-x")))))
                .containsExactly("ReportStatus");
    }

    @Test
    void nothingOfAPodThatHasEndedForGoodIsStartedAgain() {
        lastStatus = JsonObject.of("phase", "Succeeded");
        assertThat(plan(pod(SPEC), null)).isEmpty();
        assertThat(
                        names(
                                plan(
                                        pod(SPEC),
                                        reality(
                                                true,
                                                container(0, PodReality.State.RUNNING, HASH)))))
                .containsExactly("StopContainer");
    }

    @Test
    void aPodThatIsPulledForIsNotPulledForAgain() {
        assertThat(names(plan(pod(SPEC), null))).containsExactly("PullImage", "ReportStatus");
        memory =
                memory.withImage(
                        "web",
                        new PodMemory.Image("web:1", "docker", 0, PodMemory.ImageState.PULLING));
        assertThat(names(plan(pod(SPEC), null))).containsExactly("ReportStatus");
        memory =
                memory.withImage(
                        "web",
                        new PodMemory.Image("web:1", "docker", 0, PodMemory.ImageState.READY));
        assertThat(names(plan(pod(SPEC), null))).containsExactly("EnsureSandbox");
        assertThat(names(plan(pod(SPEC), reality(true)))).containsExactly("StartContainer");
        // Another driver has images of its own.
        memory =
                memory.withImage(
                        "web",
                        new PodMemory.Image("web:1", "process", 0, PodMemory.ImageState.READY));
        assertThat(names(plan(pod(SPEC), reality(true)))).contains("PullImage");
    }

    @Test
    void theStatusIsReportedOnceOnly() {
        PodReality running = reality(true, container(0, PodReality.State.RUNNING, HASH));
        List<Action> first = plan(pod(SPEC), running);
        assertThat(names(first)).containsExactly("ReportStatus");
        lastStatus = ((Action.ReportStatus) first.get(0)).status();
        assertThat(plan(pod(SPEC), running)).isEmpty();
    }

    @Test
    void theGraceThatIsLeftCountsNotTheWholeOne() {
        memory = memory.deleting(30, UPTIME.minusSeconds(12));
        PodReality running = reality(true, container(0, PodReality.State.RUNNING, HASH));
        assertThat(((Action.StopContainer) plan(null, running).get(0)).grace())
                .isEqualTo(Duration.ofSeconds(18));
        memory = memory.deleting(2, UPTIME).deleting(600, UPTIME);
        assertThat(((Action.StopContainer) plan(null, running).get(0)).grace())
                .isEqualTo(Duration.ofSeconds(2));
        memory = memory.deleting(0, UPTIME.minusSeconds(50));
        assertThat(((Action.StopContainer) plan(null, running).get(0)).grace())
                .isEqualTo(Duration.ZERO);
    }

    @Test
    void goingEndsWithTheConfirmation() {
        KubeObject going =
                pod(SPEC).withMetadata("deletionTimestamp", Json.of("2026-11-24T00:00:00Z"));
        assertThat(names(plan(going, reality(true, container(0, PodReality.State.EXITED, HASH)))))
                .containsExactly("ReportStatus", "RemovePod", "Forget", "ConfirmDeletion");
        memory = memory.withConfirmed();
        assertThat(names(plan(going, null))).containsExactly("Forget");
    }

    @Test
    void aBadQuantityOrPathHoldsTheContainerAndBreaksNothing() {
        memory =
                memory.withImage(
                        "web",
                        new PodMemory.Image("web:1", "docker", 0, PodMemory.ImageState.READY));
        List<Action> actions =
                plan(
                        pod(
                                """
                                {"containers": [{"name": "web", "image": "web:1",
                                  "resources": {"limits": {"cpu": "many"}}}]}\
                                """),
                        reality(true));
        assertThat(names(actions)).containsExactly("ReportStatus");
        assertThat(((Action.ReportStatus) actions.get(0)).status().toJson())
                .contains("CreateContainerConfigError");
    }
}
