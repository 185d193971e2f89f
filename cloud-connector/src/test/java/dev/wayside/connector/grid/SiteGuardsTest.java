// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import static dev.wayside.connector.grid.World.await;
import static dev.wayside.connector.grid.World.spec;
import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** No slip in a label, a unit, a group, an annotation or a clock costs a site its child at once. */
final class SiteGuardsTest {
    private static final String SINCE = "wayside.dev/site-gone-since";
    private final World world = new World(World.Kind.EMBEDDED);

    @AfterEach
    void close() {
        world.close();
    }

    private void annotate(String annotation, String value) {
        world.patch(
                ResourceType.DEPLOYMENT_GRIDS,
                "web",
                "{\"metadata\":{\"annotations\":{\"" + annotation + "\":\"" + value + "\"}}}");
    }

    private void grid(String key) {
        world.grid(
                "web",
                "{\"gridUniqKey\":\"" + key + "\",\"template\":" + spec("web", "v1", "") + "}");
    }

    private KubeObject grid() {
        return world.get(ResourceType.DEPLOYMENT_GRIDS, "web");
    }

    private boolean has(String child) {
        return world.exists(ResourceType.DEPLOYMENTS, child);
    }

    private boolean isMarked(String child) {
        return world.get(ResourceType.DEPLOYMENTS, child).annotations().containsKey(SINCE);
    }

    private List<String> podUids() {
        return world.pods("web-").map(KubeObject::uid).sorted().toList();
    }

    private void cluster(ResourceType type, String name, String spec) {
        world.store.create(
                type, KubeObject.of(type, "", name).withSpec(World.parse(spec)), World.USER);
    }

    private void patch(ResourceType type, String name, String body) {
        world.store.patch(
                type,
                type.key("", name),
                dev.wayside.connector.store.ObjectStore.Patch.merge(World.parse(body)),
                "",
                World.USER);
    }

    /** Looks at every site of the grid, and waits until that is done. */
    private void lookAtAll() {
        annotate("looked-at", world.clock.instant().toString() + Math.random());
        String wanted = grid().annotations().get("looked-at");
        await(
                "looked at",
                () ->
                        world.store.all(ResourceType.DEPLOYMENTS).stream()
                                .allMatch(
                                        child ->
                                                wanted.equals(
                                                        child.annotations().get("looked-at"))));
    }

    @Test
    void aWrongKeyCostsNoPodAndNoChildWithinTheGrace() {
        world.node("a", Map.of("site", "s1", "zone", "z"));
        world.node("b", Map.of("site", "s2", "zone", "z"));
        world.start();
        grid("site");
        await("up", () -> world.isComplete("web-s1", 1) && world.isComplete("web-s2", 1));
        List<String> before = podUids();
        world.patch(ResourceType.DEPLOYMENT_GRIDS, "web", "{\"spec\":{\"gridUniqKey\":\"zone\"}}");
        await("kept", () -> isMarked("web-s1") && isMarked("web-s2"));
        await("the new one", () -> world.isComplete("web-z", 1));
        assertThat(podUids()).containsAll(before);
        world.patch(ResourceType.DEPLOYMENT_GRIDS, "web", "{\"spec\":{\"gridUniqKey\":\"site\"}}");
        await("back", () -> !isMarked("web-s1") && !isMarked("web-s2") && isMarked("web-z"));
        assertThat(world.isComplete("web-s1", 1) && world.isComplete("web-s2", 1)).isTrue();
        assertThat(podUids()).containsAll(before);
    }

    @Test
    void annotationsThatMakeNoSenseAreToldAndKeepWhatTheyCan() {
        world.node("a", Map.of("site", "s1"));
        world.start();
        grid("site");
        annotate("wayside.dev/site-removal-grace", "soon");
        await("told", () -> world.events().contains("InvalidAnnotation: The annotation"));
        await(
                "in the condition",
                () ->
                        grid().condition("SitesGone")
                                .filter(c -> c.text("message").contains("is no duration"))
                                .isPresent());
        await("up", () -> world.isComplete("web-s1", 1));
        world.label("a", "site", null);
        await("marked", () -> isMarked("web-s1"));
        world.clock.advance(Duration.ofMinutes(9));
        annotate("wayside.dev/site-removal-grace", "-1s");
        lookAtAll();
        assertThat(has("web-s1")).as("the default counts").isTrue();
        annotate("wayside.dev/site-removal-grace", "999999999d");
        lookAtAll();
        world.clock.advance(Duration.ofDays(30));
        lookAtAll();
        assertThat(has("web-s1")).as("a very long grace").isTrue();
        annotate("wayside.dev/protect-sites", "yes");
        annotate("wayside.dev/site-removal-grace", "0s");
        await("not marked", () -> !isMarked("web-s1"));
        lookAtAll();
        assertThat(has("web-s1")).as("protected, whatever it is called").isTrue();
        annotate("wayside.dev/protect-sites", "false");
        await("gone", () -> !has("web-s1"));
    }

    @Test
    void aClockThatIsWrongAtARestartEndsNoGraceAtOnce() {
        world.node("a", Map.of("site", "s1"));
        world.start();
        grid("site");
        await("up", () -> world.isComplete("web-s1", 1));
        world.label("a", "site", null);
        await("marked", () -> isMarked("web-s1"));
        world.stop();
        world.clock.set(world.clock.instant().plus(Duration.ofDays(20_000)));
        world.start();
        lookAtAll();
        assertThat(has("web-s1")).isTrue();
        world.stop();
        world.clock.set(world.clock.instant().minus(Duration.ofDays(20_000)));
        world.start();
        world.clock.advance(Duration.ofMinutes(9));
        lookAtAll();
        assertThat(has("web-s1")).isTrue();
        world.clock.advance(Duration.ofMinutes(1));
        lookAtAllUntilGone();
    }

    private void lookAtAllUntilGone() {
        annotate("looked-at", "at last");
        await("gone", () -> !has("web-s1"));
    }

    @Test
    void unitsAndGroupsThatGoLeaveTheirSitesTheGrace() {
        world.node("a", Map.of("site", "x"));
        world.node("b", Map.of("site", "y"));
        world.start();
        cluster(ResourceType.NODE_UNITS, "u1", "{\"nodes\":[\"a\"]}");
        cluster(ResourceType.NODE_UNITS, "u2", "{\"nodes\":[\"b\"]}");
        cluster(ResourceType.NODE_GROUPS, "g", "{\"nodeUnits\":[\"u1\",\"u2\"]}");
        grid("g");
        await("up", () -> world.isComplete("web-u1", 1) && world.isComplete("web-u2", 1));
        List<String> before = podUids();
        world.delete(ResourceType.NODE_UNITS, "u1");
        await("marked", () -> isMarked("web-u1"));
        patch(ResourceType.NODE_UNITS, "u2", "{\"spec\":{\"nodes\":[]}}");
        await("marked", () -> isMarked("web-u2"));
        world.clock.advance(Duration.ofMinutes(6));
        world.restart();
        lookAtAll();
        patch(ResourceType.NODE_UNITS, "u2", "{\"spec\":{\"nodes\":[\"b\"]}}");
        await("back", () -> !isMarked("web-u2"));
        assertThat(podUids()).isEqualTo(before);
        annotate("wayside.dev/protect-sites", "true");
        await("protected", () -> !isMarked("web-u1"));
        world.delete(ResourceType.NODE_GROUPS, "g");
        await("told", this::both);
        world.clock.advance(Duration.ofDays(2));
        world.restart();
        lookAtAll();
        assertThat(podUids()).isEqualTo(before);
    }

    private boolean both() {
        return grid().condition("SitesGone")
                .filter(
                        c ->
                                c.text("message").contains("g=u1")
                                        && c.text("message").contains("g=u2"))
                .isPresent();
    }

    @Test
    void aUnitThatWasFoundIsFoundAgainWhenItIsDeleted() {
        world.node("a", Map.of("zone", "z1"));
        world.start();
        cluster(ResourceType.NODE_GROUPS, "g", "{\"autoFindNodeKeys\":[\"zone\"]}");
        await("found", () -> "z1".equals(world.get(ResourceType.NODES, "a").labels().get("g")));
        String uid = world.get(ResourceType.NODE_UNITS, "z1").uid();
        world.delete(ResourceType.NODE_UNITS, "z1");
        await(
                "again",
                () ->
                        world.exists(ResourceType.NODE_UNITS, "z1")
                                && !world.get(ResourceType.NODE_UNITS, "z1").uid().equals(uid)
                                && "z1"
                                        .equals(
                                                world.get(ResourceType.NODES, "a")
                                                        .labels()
                                                        .get("g")));
    }

    @Test
    void labelsTakenOffAWholeFleetByMistakeCostNothing() {
        int sites = 60;
        IntStream.range(0, sites).forEach(i -> world.node("n" + i, Map.of("site", "s" + i)));
        world.start();
        grid("site");
        await(
                "up",
                () -> IntStream.range(0, sites).allMatch(i -> world.isComplete("web-s" + i, 1)));
        List<String> before = podUids();
        IntStream.range(0, sites).forEach(i -> world.label("n" + i, "site", null));
        await("kept", () -> IntStream.range(0, sites).allMatch(i -> isMarked("web-s" + i)));
        await("told", () -> grid().conditionIsTrue("SitesGone"));
        world.clock.advance(Duration.ofMinutes(8));
        world.restart();
        IntStream.range(0, sites).forEach(i -> world.label("n" + i, "site", "s" + i));
        await("back", () -> IntStream.range(0, sites).noneMatch(i -> isMarked("web-s" + i)));
        await("told", () -> !grid().conditionIsTrue("SitesGone"));
        assertThat(podUids()).isEqualTo(before);
        long warnings =
                world.store.all(ResourceType.EVENTS).stream()
                        .filter(event -> event.json().text("reason").equals("SiteGone"))
                        .count();
        assertThat(warnings).isBetween(1L, 8L);
    }
}
