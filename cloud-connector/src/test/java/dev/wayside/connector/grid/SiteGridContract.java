// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import static dev.wayside.connector.grid.World.await;
import static dev.wayside.connector.grid.World.spec;
import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The controller of grids whose sites have a child each, of any such kind, on any store. */
abstract class SiteGridContract {
    final World world;
    final GridKind kind;

    SiteGridContract(World.Kind store, GridKind kind) {
        this.world = new World(store);
        this.kind = kind;
    }

    KubeObject create(String spec) {
        return world.create(kind.grid(), "web", spec);
    }

    boolean isComplete(String child, int replicas) {
        return world.isComplete(kind.child(), child, replicas);
    }

    @AfterEach
    void close() {
        world.close();
    }

    static String gridSpec(String template) {
        return "{\"gridUniqKey\":\"site\",\"template\":" + template + "}";
    }

    KubeObject child(String name) {
        return world.get(kind.child(), name);
    }

    boolean hasChild(String name) {
        return world.exists(kind.child(), name);
    }

    KubeObject grid() {
        return world.get(kind.grid(), "web");
    }

    JsonObject state(String site) {
        return grid().status().object("states", site);
    }

    private static String selector(KubeObject child) {
        return child.spec().text("template", "spec", "nodeSelector", "site");
    }

    void twoSites() {
        world.node("a", Map.of("site", "site-1"));
        world.node("b", Map.of("site", "site-2"));
    }

    @Test
    void eachSiteGetsItsChildAndItsPodsRunThere() {
        twoSites();
        world.start();
        create(gridSpec(spec("web", "v1", ",\"replicas\":2")));
        await("both complete", () -> isComplete("web-site-1", 2) && isComplete("web-site-2", 2));
        assertThat(world.pods("web-site-1-"))
                .hasSize(2)
                .allSatisfy(pod -> assertThat(pod.spec().text("nodeName")).isEqualTo("a"));
        assertThat(child("web-site-2").labels())
                .containsEntry("superedge.io/grid-selector", "web")
                .containsEntry("superedge.io/grid-uniq-key", "site");
        assertThat(child("web-site-2").controller().orElseThrow().uid()).isEqualTo(grid().uid());
        await("states complete", () -> state("site-2").number("availableReplicas").orElse(0) == 2);
        assertThat(state("site-1").number("updatedReplicas")).hasValue(2);
        await("available", () -> grid().conditionIsTrue("Available"));
        assertThat(grid().status().number("observedGeneration")).hasValue(grid().generation());
    }

    @Test
    void aTemplateWithANodeSelectorIsNotSharedBetweenSites() {
        twoSites();
        world.start();
        String template =
                spec("web", "v1", "")
                        .replace(
                                "\"containers\"",
                                "\"nodeSelector\":{\"disk\":\"ssd\"},\"containers\"");
        create(gridSpec(template));
        await("children", () -> hasChild("web-site-1") && hasChild("web-site-2"));
        assertThat(selector(child("web-site-1"))).isEqualTo("site-1");
        assertThat(selector(child("web-site-2"))).isEqualTo("site-2");
        assertThat(child("web-site-1").spec().text("template", "spec", "nodeSelector", "disk"))
                .isEqualTo("ssd");
        assertThat(grid().spec()).isEqualTo(World.parse(gridSpec(template)));
    }

    @Test
    void aManualScaleSurvivesWhereTheTemplateOmitsReplicas() {
        twoSites();
        world.start();
        create(gridSpec(spec("web", "v1", "")));
        await("complete", () -> isComplete("web-site-1", 1));
        world.patch(kind.child(), "web-site-1", "{\"spec\":{\"replicas\":3}}");
        await("scaled", () -> isComplete("web-site-1", 3));
        world.patch(kind.grid(), "web", "{\"spec\":{\"template\":" + spec("web", "v2", "") + "}}");
        await("updated", () -> isComplete("web-site-1", 3) && image("web-site-1").equals("v2"));
        world.restart();
        await("complete", () -> isComplete("web-site-2", 1) && image("web-site-2").equals("v2"));
        assertThat(child("web-site-1").spec().number("replicas")).hasValue(3);
    }

    @Test
    void aRestartOfOneSiteIsTheOperatorsToGive() {
        twoSites();
        world.start();
        create(gridSpec(spec("web", "v1", "")));
        await("complete", () -> isComplete("web-site-1", 1));
        world.patch(
                kind.child(),
                "web-site-1",
                "{\"metadata\":{\"labels\":{\"wayside.dev/site\":null}},"
                        + "\"spec\":{\"template\":{\"metadata\":{\"annotations\":"
                        + "{\"kubectl.kubernetes.io/restartedAt\":\"now\",\"other\":\"x\"}}}}}");
        await(
                "repaired",
                () ->
                        child("web-site-1").labels().containsKey("wayside.dev/site")
                                && isComplete("web-site-1", 1));
        assertThat(
                        child("web-site-1")
                                .spec()
                                .object("template", "metadata", "annotations")
                                .strings())
                .isEqualTo(Map.of("kubectl.kubernetes.io/restartedAt", "now"));
    }

    String image(String child) {
        return child(child)
                .spec()
                .array("template", "spec", "containers")
                .objects()
                .get(0)
                .text("image");
    }

    @Test
    void driftIsRepairedWhereTheGridHasASay() {
        twoSites();
        world.start();
        create(gridSpec(spec("web", "v1", ",\"replicas\":1")));
        world.patch(
                kind.grid(),
                "web",
                "{\"metadata\":{\"labels\":{\"team\":\"x\"},\"annotations\":{\"note\":\"n\"}}}");
        await(
                "labelled",
                () -> hasChild("web-site-1") && child("web-site-1").labels().containsKey("team"));
        world.patch(
                kind.child(),
                "web-site-1",
                "{\"metadata\":{\"labels\":{\"team\":\"y\",\"mine\":\"1\"},\"annotations\":{\"note\":null}},"
                    + "\"spec\":{\"replicas\":5,\"minReadySeconds\":7}}");
        await(
                "repaired",
                () ->
                        child("web-site-1").spec().number("replicas").orElse(0) == 1
                                && !child("web-site-1").spec().has("minReadySeconds")
                                && "x".equals(child("web-site-1").labels().get("team"))
                                && "n".equals(child("web-site-1").annotations().get("note")));
        assertThat(child("web-site-1").labels()).containsEntry("mine", "1");
        world.patch(kind.grid(), "web", "{\"metadata\":{\"labels\":{\"team\":null}}}");
        await("taken away", () -> !child("web-site-1").labels().containsKey("team"));
        assertThat(child("web-site-1").labels()).containsEntry("mine", "1");
    }

    @Test
    void aDeletedChildComesBack() {
        twoSites();
        world.start();
        create(gridSpec(spec("web", "v1", "")));
        await("child", () -> hasChild("web-site-1"));
        String uid = child("web-site-1").uid();
        world.delete(kind.child(), "web-site-1");
        await("again", () -> hasChild("web-site-1") && !child("web-site-1").uid().equals(uid));
    }

    @Test
    void aSiteThatLosesItsLastLabelKeepsItsChildForTheGrace() {
        twoSites();
        world.start();
        create(gridSpec(spec("web", "v1", "")));
        await("complete", () -> isComplete("web-site-2", 1));
        world.label("b", "site", null);
        await("marked", () -> grid().conditionIsTrue("SitesGone"));
        await("told", () -> world.events().contains("SiteGone: No node carries site=site-2"));
        world.clock.set(world.clock.instant().plus(Duration.ofDays(400)));
        world.label("a", "x", "1");
        world.label("a", "site", "site-3");
        await("looked at", () -> hasChild("web-site-3"));
        assertThat(hasChild("web-site-2")).as("a jump of the clock ends no grace").isTrue();
        world.label("b", "site", "site-2");
        await(
                "kept",
                () ->
                        !child("web-site-2")
                                .annotations()
                                .containsKey("wayside.dev/site-gone-since"));
        world.label("b", "site", null);
        await(
                "marked",
                () -> child("web-site-2").annotations().containsKey("wayside.dev/site-gone-since"));
        world.clock.advance(Duration.ofMinutes(11));
        world.restart();
        await(
                "removed, but not before it was seen gone for a while",
                () -> {
                    world.clock.advance(Duration.ofSeconds(5));
                    world.patch(
                            kind.grid(),
                            "web",
                            "{\"metadata\":{\"annotations\":{\"look\":\""
                                    + world.clock.instant()
                                    + "\"}}}");
                    return !hasChild("web-site-2");
                });
        await("not in the status", () -> !grid().status().object("states").has("site-2"));
        assertThat(hasChild("web-site-3")).isTrue();
    }

    @Test
    void theStatusEmptiesWithTheLastChild() {
        world.node("a", Map.of("site", "site-1"));
        world.start();
        KubeObject grid = create(gridSpec(spec("web", "v1", "")));
        world.patch(
                kind.grid(),
                grid.name(),
                "{\"metadata\":{\"annotations\":{\"wayside.dev/site-removal-grace\":\"0s\"}}}");
        await("state", () -> grid().status().object("states").has("site-1"));
        world.label("a", "site", null);
        await("gone", () -> !hasChild("web-site-1"));
        await("empty", () -> grid().status().object("states").isEmpty());
        assertThat(grid().condition("Available").orElseThrow().text("reason")).isEqualTo("NoSites");
    }

    @Test
    void protectedSitesAreNeverRemoved() {
        twoSites();
        world.start();
        create(gridSpec(spec("web", "v1", "")));
        world.patch(
                kind.grid(),
                "web",
                "{\"metadata\":{\"annotations\":{\"wayside.dev/protect-sites\":\"true\",\"wayside.dev/site-removal-grace\":\"0\"}}}");
        await("children", () -> hasChild("web-site-1") && hasChild("web-site-2"));
        world.label("b", "site", null);
        await("told", () -> grid().conditionIsTrue("SitesGone"));
        world.clock.advance(Duration.ofDays(30));
        world.restart();
        world.label("a", "site", "site-3");
        await("looked at", () -> hasChild("web-site-3"));
        assertThat(hasChild("web-site-2")).isTrue();
        assertThat(hasChild("web-site-1")).isTrue();
    }

    @Test
    void valuesThatAreNoDnsLabelGetASlugAndStopNobody() {
        world.node("a", Map.of("site", "Site_1"));
        world.node("b", Map.of("site", "site-1"));
        world.node("c", Map.of("site", "a.b"));
        world.start();
        create(gridSpec(spec("web", "v1", "")));
        String odd = SiteNames.child("web", "Site_1");
        String dotted = SiteNames.child("web", "a.b");
        await(
                "all",
                () -> isComplete(odd, 1) && isComplete(dotted, 1) && isComplete("web-site-1", 1));
        assertThat(odd).matches("web-site-1-[0-9a-f]{8}");
        assertThat(selector(child(odd))).isEqualTo("Site_1");
        await(
                "states",
                () ->
                        grid().status()
                                .object("states")
                                .members()
                                .keySet()
                                .containsAll(java.util.List.of("Site_1", "site-1", "a.b")));
    }

    @Test
    void oneSitesFailureStopsNoOther() {
        twoSites();
        world.store.beforeWrite(
                (verb, object) -> {
                    if (verb.equals("create") && object.name().equals("web-site-1")) {
                        throw new ApiException(Reason.INVALID, "site-1 is refused");
                    }
                });
        world.start();
        create(gridSpec(spec("web", "v1", "")));
        await("the other", () -> isComplete("web-site-2", 1));
        await("told", () -> grid().conditionIsTrue("Degraded"));
        assertThat(grid().condition("Degraded").orElseThrow().text("message"))
                .contains("1 of 2 sites failed: site-1")
                .contains("site-1 is refused");
        assertThat(state("site-1").array("conditions").toJson()).contains("SiteFailed", "Invalid");
        assertThat(state("site-1").number("readyReplicas")).hasValue(0);
        await("event", () -> world.events().contains(kind.failed()));
    }

    @Test
    void aForeignObjectOfTheNameIsLeftAlone() {
        twoSites();
        world.create(kind.child(), "web-site-1", spec("other", "theirs", ""));
        world.start();
        create(gridSpec(spec("web", "v1", "")));
        await("the other", () -> isComplete("web-site-2", 1));
        await("told", () -> state("site-1").array("conditions").toJson().contains("NameTaken"));
        assertThat(image("web-site-1")).isEqualTo("theirs");
    }

    @Test
    void aChildWithoutOwnerIsTakenBackByItsLabel() {
        twoSites();
        world.start();
        create(gridSpec(spec("web", "v1", "")));
        await("child", () -> hasChild("web-site-1"));
        String uid = child("web-site-1").uid();
        world.patch(kind.child(), "web-site-1", "{\"metadata\":{\"ownerReferences\":null}}");
        await("back", () -> child("web-site-1").controller().isPresent());
        assertThat(child("web-site-1").uid()).isEqualTo(uid);
    }

    @Test
    void aNewSiteGetsItsChildAndAnUnreadySiteKeepsIts() {
        world.node("a", Map.of("site", "site-1"));
        world.start();
        create(gridSpec(spec("web", "v1", "")));
        await("first", () -> hasChild("web-site-1"));
        world.node("b", Map.of("site", "site-2"));
        await("second", () -> isComplete("web-site-2", 1));
        KubeObject node = world.get(ResourceType.NODES, "a");
        world.store.update(
                ResourceType.NODES,
                node.withStatus(
                        World.parse(
                                "{\"conditions\":[{\"type\":\"Ready\",\"status\":\"Unknown\"}]}")),
                "status",
                World.USER);
        await("unavailable", () -> state("site-1").number("readyReplicas").orElse(9) == 0);
        assertThat(hasChild("web-site-1")).isTrue();
        assertThat(world.pods("web-site-1-")).hasSize(1);
    }
}
