// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What grids over many sites cost, counted in writes and in objects read. The benchmark {@code
 * grids} measures the same with a thousand sites.
 */
final class GridScaleTest {
    private static final long SITES = 50;
    private static final long GRIDS = 3;

    private static final String BY_GRIDS = "deploymentgrid-controller ";
    private static final String BY_DEPLOYMENTS = "deployment-controller ";
    private static final String BY_SETS = "replicaset-controller ";
    private static final String BY_SCHEDULER = "default-scheduler ";

    private final World world = new World(World.Kind.EMBEDDED);
    private long listsAtStart;

    @BeforeEach
    void bring() {
        for (int site = 0; site < SITES; site++) {
            world.node("n" + site, Map.of("zone", "s" + site));
        }
        world.start();
        listsAtStart = world.counts.lists(ResourceType.PODS);
        for (int grid = 0; grid < GRIDS; grid++) {
            world.grid(
                    "g" + grid,
                    """
                    {"gridUniqKey":"zone","template":{"replicas":1,
                      "selector":{"matchLabels":{"app":"a"}},
                      "template":{"metadata":{"labels":{"app":"a"}},
                        "spec":{"containers":[{"name":"c","image":"i:1"}]}}}}
                    """);
        }
        settle(SITES);
    }

    @AfterEach
    void end() {
        world.close();
    }

    @Test
    void writesAreWhatHadToChangeAndANodeReadsItsSite() {
        Map<String, Long> first = new HashMap<>();
        first.put(BY_GRIDS + "create deployments.apps", SITES * GRIDS);
        first.put(BY_DEPLOYMENTS + "create replicasets.apps", SITES * GRIDS);
        first.put(BY_DEPLOYMENTS + "patch deployments.apps", SITES * GRIDS);
        first.put(BY_SETS + "create pods", SITES * GRIDS);
        first.put(BY_SCHEDULER + "update pods/binding", SITES * GRIDS);
        assertThat(written(Map.of())).isEqualTo(first);
        assertThat(world.counts.lists(ResourceType.PODS))
                .as("lists of all pods")
                .isEqualTo(listsAtStart);

        Map<String, Long> before = world.counts.counts();
        List<String> others = revisions();
        world.patch(
                ResourceType.DEPLOYMENT_GRIDS,
                "g0",
                """
                {"spec":{"template":{"template":{"spec":{"containers":[
                  {"name":"c","image":"i:2"}]}}}}}
                """);
        settle(SITES);
        Map<String, Long> template = new HashMap<>();
        template.put(BY_GRIDS + "update deployments.apps", SITES);
        template.put(BY_DEPLOYMENTS + "create replicasets.apps", SITES);
        template.put(BY_DEPLOYMENTS + "patch deployments.apps", SITES);
        template.put(BY_DEPLOYMENTS + "update replicasets.apps", SITES);
        template.put(BY_SETS + "create pods", SITES);
        template.put(BY_SCHEDULER + "update pods/binding", SITES);
        assertThat(written(before)).isEqualTo(template);
        assertThat(revisions()).as("of the other grids").isEqualTo(others);

        before = world.counts.counts();
        Map<String, Long> given = given();
        world.label("n1", "rack", "r1");
        world.node("joins", Map.of("zone", "s2"));
        world.label("n0", "zone", "moved");
        settle(SITES + 1);
        Map<String, Long> moved = new HashMap<>();
        moved.put(BY_GRIDS + "create deployments.apps", GRIDS);
        // The lost site's child is noted as such; whether now or later is the guard's.
        moved.put(BY_GRIDS + "patch deployments.apps", GRIDS);
        moved.put(BY_DEPLOYMENTS + "create replicasets.apps", GRIDS);
        moved.put(BY_DEPLOYMENTS + "patch deployments.apps", GRIDS);
        moved.put(BY_DEPLOYMENTS + "update replicasets.apps", GRIDS);
        moved.put(BY_SETS + "create pods", GRIDS);
        moved.put(BY_SCHEDULER + "update pods/binding", GRIDS);
        assertThat(written(before)).isEqualTo(moved);
        given().forEach(
                        (kind, count) ->
                                assertThat(count - given.getOrDefault(kind, 0L))
                                        // Cascade and statuses included; one look at every
                                        // site would be as many.
                                        .as("%s read for three sites' events", kind)
                                        .isLessThan(SITES * GRIDS));
    }

    /** What controllers wrote since, but for statuses, events and deletions. */
    private Map<String, Long> written(Map<String, Long> before) {
        Map<String, Long> written = world.counts.since(before);
        written.keySet()
                .removeIf(
                        what ->
                                what.endsWith("/status")
                                        || what.endsWith(" events")
                                        || what.startsWith("test ")
                                        || what.startsWith("service-account-controller ")
                                        || what.startsWith("somebody "));
        return written;
    }

    /** Of all grids but the first. */
    private List<String> revisions() {
        return world.store.all(ResourceType.DEPLOYMENT_GRIDS).stream()
                .filter(grid -> !grid.name().equals("g0"))
                .map(KubeObject::resourceVersion)
                .toList();
    }

    private Map<String, Long> given() {
        Map<String, Long> given = new TreeMap<>();
        for (ResourceType type :
                List.of(
                        ResourceType.NODES,
                        ResourceType.DEPLOYMENT_GRIDS,
                        ResourceType.DEPLOYMENTS,
                        ResourceType.REPLICA_SETS,
                        ResourceType.PODS)) {
            given.put(type.plural(), world.given(type));
        }
        return given;
    }

    private void settle(long sites) {
        World.await(
                "every site is available",
                () ->
                        world.store.all(ResourceType.DEPLOYMENT_GRIDS).stream()
                                .allMatch(grid -> isComplete(grid, sites)),
                Duration.ofMinutes(2));
    }

    private static boolean isComplete(KubeObject grid, long sites) {
        JsonObject status = grid.status();
        JsonObject states = status.object("states");
        return status.number("observedGeneration").orElse(0) == grid.generation()
                && states.members().size() == sites
                && states.members().keySet().stream()
                        .map(states::object)
                        .allMatch(
                                state ->
                                        state.number("updatedReplicas").orElse(0) == 1
                                                && state.number("availableReplicas").orElse(0) == 1
                                                && state.number("replicas").orElse(0) == 1);
    }
}
